"""What the card at the right shows: the feature clicked, or the workspace's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.identify import Hit
from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from lydigital.ui.panels.form import FormPage
    from lydigital.ui.panels.inspector import Inspector
    from lydigital.ui.panels.style import StylePanel
    from lydigital.ui.spaces import SpacePage
    from lydigital.ui.window import Window

NEAR_SCALE = 10_000.0  # a point found by name is shown at least this near
PLACE_SCALE = 25_000.0  # so are typed coordinates
PICK_PX = 5.0


class Cards:
    """Makes the pages when they are first needed, and fills them."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._inspector: Inspector | None = None
        self._style: StylePanel | None = None
        self._form: FormPage | None = None
        self._spaces: dict[str, SpacePage] = {}
        self._shown: SpacePage | None = None  # the page of the workspace entered last

    @property
    def inspector(self) -> Inspector:
        if self._inspector is None:
            from lydigital.ui.panels.inspector import Inspector

            self._inspector = Inspector(self._window.session)
            self._inspector.picked.connect(self._picked)
            self._inspector.zoom_asked.connect(self.zoom_to)
            self._inspector.history_asked.connect(self._window.past.show_feature)
            self._inspector.trace_asked.connect(self._trace)
            self._inspector.copied.connect(self._window.copied)
            self._inspector.closed.connect(self.close)
            self._inspector.failed.connect(self._window.failed)
            self._inspector.may_see_personal = self._window.preferences.personal
            self._inspector.resized.connect(self._window.map.place)
        return self._inspector

    @property
    def style(self) -> StylePanel:
        if self._style is None:
            from lydigital.ui.panels.style import StylePanel

            window = self._window
            self._style = StylePanel(window.session, window.do, window.jobs)
            self._style.closed.connect(self.close)
            self._style.resized.connect(window.map.place)
            window.framed.connect(lambda _frame: self._style_counted())
        return self._style

    @property
    def form(self) -> FormPage:
        if self._form is None:
            from lydigital.ui.panels.form import FormPage

            self._form = FormPage(self._window.session)
            self._form.may_see_personal = self._window.preferences.personal
            self._form.closed.connect(self.close)
            self._form.resized.connect(self._window.map.place)
            self._form.failed.connect(self._window.failed)
            self._form.back_asked.connect(self._window.editing.show_page)
        return self._form

    def show_form(self) -> None:
        """The attributes of what is selected, to be edited."""
        if self.form.show_selection():
            self._window.map.card.show_page(self.form)
            self._window.map.place()

    def shows_form(self) -> bool:
        card = self._window.map.card
        return self._form is not None and card.page() is self._form and not card.isHidden()

    def space(self, name: str) -> SpacePage | None:
        """The page of a workspace; None for browsing, which has the inspector."""
        from lydigital.ui.spaces import SPACES

        if name not in self._spaces and name in SPACES:
            page = self._spaces[name] = SPACES[name](self._window)
            page.closed.connect(self.close)
            page.resized.connect(self._window.map.place)
        return self._spaces.get(name)

    def show_style(self, layer_id: str) -> None:
        """Open the style inspector of a layer."""
        self.style.show_layer(layer_id)
        self._window.map.card.show_page(self.style)
        self._window.map.place()

    def document_changed(self) -> None:
        """Layers may look otherwise now."""
        if self._style is not None and self._window.map.card.page() is self._style:
            self._style.refresh()
        if self._inspector is not None and self._window.map.card.page() is self._inspector:
            self._inspector.refresh()
        if self.shows_form():
            self.form.refresh()
        for page in self._spaces.values():
            page.document_changed()

    def _style_counted(self) -> None:
        if self._style is not None and self._window.map.card.page() is self._style:
            self._style.show_counts()

    def retranslate(self) -> None:
        for page in (self._inspector, self._style, self._form, *self._spaces.values()):
            if page is not None:
                page.retranslate()

    def operator_changed(self) -> None:
        """Somebody else sits here, who may do other things."""
        for page in self._spaces.values():
            page.operator_changed()

    def notation_changed(self) -> None:
        if self._inspector is not None:
            self._inspector.set_notation(self._window.status.notation)

    def document_replaced(self) -> None:
        """Another map: nothing of the old one may stay on a page."""
        if self._inspector is not None:
            self._inspector.clear()
        if self._form is not None:
            self._form.forget()
        for page in self._spaces.values():
            page.document_replaced()

    def click(self, x: float, y: float) -> None:
        """Tell what lies at map point ``x, y``."""
        window = self._window
        if window.past.click(x, y, PICK_PX * window.devicePixelRatioF()):
            return
        card, page = window.map.card, self._shown
        if page is not None and card.page() is page and not card.isHidden() and page.click(x, y):
            return
        hits = window.session.identify(x, y, PICK_PX * window.devicePixelRatioF())
        self._show(hits, x, y)

    def _show(self, hits: list[Hit], x: float, y: float) -> None:
        window = self._window
        self.inspector.show_hits(hits, x, y, window.status.notation)
        if not hits:
            window.session.select(Selection())
        window.map.card.show_page(self.inspector)
        window.map.place()

    def _picked(self, layer_id: str, fid: int) -> None:
        self._window.session.select(Selection.of(layer_id, [fid]))

    def _trace(self, layer_id: str, fid: int) -> None:
        from lydigital.ui.panels.utility import UtilityPage

        self._window.set_workspace("utility")
        page = self.space("utility")
        if isinstance(page, UtilityPage):
            page.desk.follow(layer_id, fid)

    def zoom_to(self, layer_id: str, fid: int) -> None:
        table = self._window.session.table(layer_id)
        if isinstance(table, FeatureTable):
            row = int(table.rows_of(np.array([fid], np.int64))[0])
            if row >= 0:
                self._go_to(table, row)

    def show_feature(self, layer_id: str, row: int) -> None:
        """Go to a feature found by name and open its page."""
        table = self._window.session.table(layer_id)
        if isinstance(table, FeatureTable):
            x, y = self._go_to(table, row)
            self._show([Hit(layer_id, row, int(table.fid[row]), 0.0, table)], x, y)

    def _go_to(self, table: FeatureTable, row: int) -> tuple[float, float]:
        canvas = self._window.canvas
        west, south, east, north = (float(v) for v in table.geometry.bounds[row])
        x, y = (west + east) / 2, (south + north) / 2
        if max(east - west, north - south) < canvas.viewport.units_per_px * 4:
            canvas.go_to(x, y, min(canvas.viewport.scale, NEAR_SCALE))
        else:
            canvas.show_bounds((west, south, east, north), 0.2)
        return x, y

    def show_place(self, x: float, y: float) -> None:
        """Go to typed coordinates and ring them."""
        window = self._window
        window.canvas.go_to(x, y, min(window.canvas.viewport.scale, PLACE_SCALE))
        window.canvas.mark(x, y)
        window.status.show_point(x, y, window.canvas.viewport.crs)

    def show_workspace(self) -> None:
        """The page of the present workspace."""
        window = self._window
        before, self._shown = self._shown, self.space(window.workspace)
        if before is not None and before is not self._shown:
            before.left()
        window.map.card.show_page(self._shown or self.inspector)
        window.map.place()
        if self._shown is not None:
            self._shown.entered()

    def close(self) -> None:
        """Nothing is highlighted any more."""
        self._window.map.card.hide()
        self._window.session.select(Selection())
        self._window.canvas.setFocus()

    def toggle(self) -> None:
        if self._window.map.card.isVisible():
            self.close()
        else:
            self.show_workspace()
