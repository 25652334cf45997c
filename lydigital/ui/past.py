"""The past in the window: history pages, what changed since on the map, layers as they were, conflicts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

from lydigital.commands import history
from lydigital.model.conflict import ConflictsError
from lydigital.model.table import FeatureTable
from lydigital.texts import tr
from lydigital.ui import thumbnails
from lydigital.ui.notices import InlineBar
from lydigital.ui.search import Entry

if TYPE_CHECKING:
    from datetime import datetime

    from lydigital.commands.history import Handover
    from lydigital.model.changeset import ChangeSet
    from lydigital.render.drawlist import SceneLayer
    from lydigital.ui.panels.scrolled import ScrolledPage
    from lydigital.ui.window import Window

DRAWN = 5_000  # features of a layer outlined on the map


class Past(QObject):
    """Made with the window; each page when it is first needed."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window
        self.session = window.session
        self._pages: dict[str, ScrolledPage] = {}
        self._above: tuple[SceneLayer, ...] = ()
        self._instead: dict[str, SceneLayer] = {}
        self._bars: dict[str, InlineBar] = {}

    # pages

    def show_feature(self, layer: str, fid: int) -> None:
        """Open the history of a feature."""
        from lydigital.ui.panels.history import FeatureHistoryPage

        page = self._page("feature", lambda: FeatureHistoryPage(self.session, self.window.do))
        page.show_feature(layer, int(fid))
        self._open(page)

    def show_list(self, layer: str = "") -> None:
        """Open the list of what was saved, of one layer or of all."""
        from lydigital.ui.panels.history import HistoryListPage

        def make() -> HistoryListPage:
            made = HistoryListPage(self.session)
            made.feature_asked.connect(self._go_to)
            return made

        page = self._page("list", make)
        page.show_layer(layer)
        self._open(page)

    def show_handover(self) -> None:
        """Open what changed since."""
        from lydigital.ui.panels.handover import HandoverPage

        def make() -> HandoverPage:
            made = HandoverPage(self.session, self.window.do)
            made.found_changed.connect(self.outline)
            made.feature_asked.connect(self._go_to)
            made.as_of_asked.connect(self.show_as_of)
            made.copied.connect(self.window.copied)
            made.closed.connect(lambda: self.outline(None))
            return made

        page = self._page("handover", make)
        page.retranslate()
        self._open(page)

    def show_conflicts(self, error: ConflictsError) -> None:
        """Open what others changed meanwhile, to be decided."""
        from lydigital.ui.panels.conflict import ConflictPage

        page = self._page("conflict", lambda: ConflictPage(self.session, self.window.do))
        page.show_conflicts(error.conflicts)
        self._open(page)

    def explains(self, error: BaseException) -> None:
        """Show a page for what a message cannot say."""
        if isinstance(error, ConflictsError) and error.conflicts:
            self.show_conflicts(error)

    def _page(self, name: str, make: Any) -> Any:
        if name not in self._pages:
            page = self._pages[name] = make()
            page.closed.connect(self.window.cards.close)
            page.resized.connect(self.window.map.place)
        return self._pages[name]

    def _open(self, page: ScrolledPage) -> None:
        self.window.map.card.show_page(page)
        self.window.map.place()

    def _is_shown(self, name: str) -> bool:
        page, card = self._pages.get(name), self.window.map.card
        return page is not None and card.page() is page and not card.isHidden()

    def _go_to(self, layer: str, fid: int) -> None:
        """Bring a feature into view, also one that is no more, and open its history."""
        table = self.session.table(layer)
        found = table if isinstance(table, FeatureTable) and table.rows_of(np.array([fid]))[0] >= 0 else None
        if found is not None:
            self.window.cards.zoom_to(layer, fid)
        else:
            then = next((v.feature or v.before for v in history.versions_of(self.session, layer, fid)), None)
            box = thumbnails.bounds_of([thumbnails.marked(self.session, layer, {fid: then}, thumbnails.THEN)] if then else [])
            if box is not None:
                self.window.canvas.show_bounds(box, 0.5)
        self.show_feature(layer, fid)

    # on the map

    def dress(self, scene: tuple[SceneLayer, ...]) -> tuple[SceneLayer, ...]:
        """The scene with what belongs to the past in or over it; called from the frame worker."""
        above, instead = self._above, self._instead
        if instead:
            seen: set[str] = set()
            shown = []
            for layer in scene:
                if layer.id not in instead:
                    shown.append(layer)
                elif layer.id not in seen:  # edits are layers of their own over the rest
                    seen.add(layer.id)
                    shown.append(instead[layer.id])
            scene = tuple(shown)
        return (*scene, *above)

    def outline(self, found: Handover | None) -> None:
        """Mark on the map what changed: as it was, dashed, and as it is; None takes that away."""
        layers = []
        for layer, changes in (found.layers if found is not None else {}).items():
            some = changes[:DRAWN]
            before = {c.fid: c.before for c in some if c.before is not None and (c.geometry or c.after is None)}
            after = {c.fid: c.after for c in some if c.after is not None}
            layers += [thumbnails.marked(self.session, layer, before, thumbnails.THEN),
                       thumbnails.marked(self.session, layer, after, thumbnails.NOW)]  # fmt: skip
        self._above = tuple(layer for layer in layers if layer is not None)
        self._bar("since", tr("Outlined: what changed since {since}", since=found.since) if found and found.layers else "",
                  partial(self.outline, None), "compare")  # fmt: skip
        self.window.redraw()

    def show_as_of(self, layer: str, time: datetime) -> None:
        """Show a layer as it was, until the banner is closed."""
        table = self.window.do("history.as_of", layer=layer, time=time)
        if not isinstance(table, FeatureTable):
            return
        from lydigital.render import classify
        from lydigital.render.drawlist import SceneLayer

        ref = self.session.document.layer(layer)
        style = self.session.style(layer)
        made = SceneLayer(layer, table, style, classify.codes(table, style), ref.opacity if ref else 1.0, ref.labels if ref else True)
        if ref is not None and not self.session.document.is_visible(ref):
            self.window.do("layer.show", layer=layer)
        self._instead = {**self._instead, layer: made}
        self._tell_as_of(layer, history.local(history.aware(time)))
        self.window.redraw()

    def _tell_as_of(self, layer: str, time: str) -> None:
        name = self.session.definition(layer).name
        self._bar(f"as of {layer}", tr("{layer} is shown as it was on {time}, not as it is", layer=name, time=time),
                  partial(self._show_present, layer), "calendar-clock")  # fmt: skip

    def _show_present(self, layer: str) -> None:
        self._instead = {name: made for name, made in self._instead.items() if name != layer}
        self._bar(f"as of {layer}", "", None, "")
        self.window.redraw()

    def present(self) -> None:
        """Nothing of the past on the map any more."""
        self._instead, self._above = {}, ()
        for name in list(self._bars):
            self._bar(name, "", None, "")

    def click(self, x: float, y: float, tolerance_px: float) -> bool:
        """Open the history of what lies at a map point in a layer shown as it was; whether there is such."""
        if not self._instead:
            return False
        from lydigital.domain.identify import identify

        view = self.session.viewport
        scene = self.dress(self.session.scene(view.scale, only_read=True))
        hits = identify([layer for layer in scene if layer is self._instead.get(layer.id)], x, y, view, tolerance_px=tolerance_px)
        if hits:
            self.show_feature(hits[0].layer, hits[0].fid)
        return bool(hits)

    def scene_layers(self) -> dict[str, SceneLayer]:
        """Layers shown as they were, by id."""
        return dict(self._instead)

    def _bar(self, name: str, text: str, action: Any, icon: str) -> None:
        old = self._bars.pop(name, None)
        if old is not None:
            old.close_bar()
        if text:
            bar = self._bars[name] = InlineBar(text, [(tr("Back to now"), action)], icon)
            self.window.bars.addWidget(bar)

    # what happens

    def document_changed(self, changes: ChangeSet) -> None:
        """The layers shown from the past take over the look of the present ones; open pages ask again."""
        if self._instead and any(d.target.startswith("layer/") for d in changes.deltas):
            from lydigital.render import classify

            known = {name: made for name, made in self._instead.items() if self.session.document.layer(name) is not None}
            self._instead = {
                name: replace(made, style=style, codes=classify.codes(made.data, style))
                if (style := self.session.style(name)) != made.style and isinstance(made.data, FeatureTable) else made
                for name, made in known.items()
            }  # fmt: skip
        if not changes.deltas and changes.annotation.startswith("Open"):
            self.present()
        for name in ("feature", "list"):
            if self._is_shown(name):
                self._pages[name].refresh()  # type: ignore[attr-defined]

    def retranslate(self) -> None:
        for page in self._pages.values():
            if self.window.map.card.page() is page:
                page.retranslate()

    def entries(self) -> list[Entry]:
        """For the palette."""
        kind = tr("History")
        found = [
            Entry(tr("What changed since"), self.show_handover, kind, "compare", ("handover", "交接", "变化"), rank=1.5),
            Entry(tr("History of the map"), self.show_list, kind, "history", ("history", "历史", "audit", "审计"), rank=1.5),
        ]
        for layer, fids in self.session.selection.fids.items():
            if len(fids) == 1:
                found.append(Entry(tr("History of the selected feature"), partial(self.show_feature, layer, int(fids[0])), kind,
                                   "file-clock-outline", ("history", "历史"), rank=2.0))  # fmt: skip
        return found
