"""What the palette finds: coordinates, scales, commands, layers, bookmarks, and the names on the map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lydigital.commands import registry
from lydigital.model.coordinates import NOTATIONS, parse, write
from lydigital.model.crs import Crs
from lydigital.model.table import FeatureTable
from lydigital.texts import pick, tr
from lydigital.ui import search
from lydigital.ui.search import Entry
from lydigital.ui.statusbar import parse_scale, scale_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.session import Session
    from lydigital.ui.jobs import Jobs
    from lydigital.ui.palette import Palette

MOST_FEATURES = 60_000  # a layer with more is searched by its own tool, not here
SHOWN_FEATURES = 30
HIDDEN = {
    "group.expand",
    "view.to_scale",
    "view.go_to",
    "view.theme",
    "layer.opacity",
    "layer.style",
}


class Window(Protocol):
    """What the finder asks of the window."""

    session: Session

    def do(self, command_id: str, **parameters: object) -> object: ...
    def ask(self, command_id: str) -> bool: ...
    def can_ask(self, command_id: str) -> bool: ...
    def own_entries(self) -> list[Entry]: ...
    def show_layer(self, layer_id: str) -> None: ...
    def show_feature(self, layer_id: str, row: int) -> None: ...
    def show_place(self, x: float, y: float) -> None: ...


@dataclass(frozen=True, eq=False)
class Name:
    """A named feature of a layer that has been read."""

    text: str
    layer: str
    row: int
    priority: float
    whole: str
    initials: str


def names_of(session: Session, scene: Iterable[object], *, with_pinyin: bool = True) -> list[Name]:
    """Names of all features read so far, most important layers first. Slow with pinyin: for a job."""
    found: list[Name] = []
    for layer in scene:
        data, layer_id = layer.data, layer.id  # type: ignore[attr-defined]
        known = session.definition(layer_id)
        if not isinstance(data, FeatureTable) or len(data) > MOST_FEATURES:
            continue
        field = known.title_field or "name"
        if field not in data.columns.column_names:
            continue
        labels = known.style.labels
        priority = float(labels.priority) if labels is not None else 0.0
        seen: set[str] = set()
        for row, text in enumerate(data.columns.column(field).to_pylist()):
            if not isinstance(text, str) or not text or text in seen:
                continue
            seen.add(text)
            whole, initials = search.pinyin(text) if with_pinyin else ("", "")
            found.append(Name(text, layer_id, row, priority, whole, initials))
    return sorted(found, key=lambda n: -n.priority)


class Finder:
    """Entries for a query; :attr:`names` is filled by a job of the window."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.names: list[Name] = []
        self._gathered: object = None

    def gather(self, session: Session, jobs: Jobs, palette: Palette) -> None:
        """Gather the names on the map in a job, unless they are as they were; ``palette`` shows them when they are there."""
        scene = session.scene(only_read=True)
        key = tuple((layer.id, id(layer.data)) for layer in scene)
        if key == self._gathered:
            return
        self._gathered = key

        def came(names: list[Name]) -> None:
            self.names = names
            if palette.isVisible():
                palette.refresh()

        jobs.start(tr("Gathering names"), lambda _job: names_of(session, scene), came)

    def forget(self) -> None:
        """Another map has other names."""
        self._gathered = None

    def __call__(self, query: str) -> list[Entry]:
        text = query.strip()
        entries = [*self._scale(text), *self._coordinates(text)]
        fixed = [*self._commands(), *self._window.own_entries(), *self._layers(), *self._bookmarks()]
        wanted = text.casefold()
        if not wanted:
            return [*entries, *(e for e in search.best("", fixed, 200) if e.rank > 0)]
        scored: list[tuple[float, Entry]] = [
            (s + e.rank, e) for e in fixed if (s := search.score(wanted, e.names)) > 0
        ]
        scored += self._features(wanted)
        scored.sort(key=lambda pair: -pair[0])
        return [*entries, *(e for _, e in scored[:50])]

    def _scale(self, text: str) -> list[Entry]:
        value = parse_scale(text) if text.startswith(("1:", "1：")) else None
        if value is None:
            return []
        return [
            Entry(tr("Go to scale {scale}", scale=scale_text(value)),
                  partial(self._window.do, "view.to_scale", scale=value), tr("Scale"), "magnify-scan")
        ]  # fmt: skip

    def _coordinates(self, text: str) -> list[Entry]:
        if not text:
            return []
        session = self._window.session
        crs = Crs(session.document.crs)
        out = []
        for place in parse(text, crs):
            x, y = place.in_crs(crs)
            if not (np.isfinite(x) and np.isfinite(y)):
                continue
            out.append(Entry(
                tr("Go to {place}", place=write(x, y, crs, NOTATIONS[0])),
                partial(self._window.show_place, x, y), place.reading, "crosshairs-gps",
            ))  # fmt: skip
        return out

    def _commands(self) -> list[Entry]:
        session, out = self._window.session, []
        for command in registry.commands().values():
            asks = self._window.can_ask(command.id)
            if command.id in HIDDEN or (command.needs_input and not asks):
                continue
            out.append(Entry(
                command.name, partial(self._window.ask if asks else self._window.do, command.id), "", command.icon or "chevron-right", (command.title, command.id),
                command.shortcut, None if asks else command.disabled(session), rank=3.0 if command.shortcut else 1.0,
            ))  # fmt: skip
        return out

    def _layers(self) -> list[Entry]:
        session, out = self._window.session, []
        for ref in session.document.layers:
            known = session.definition(ref.id)
            group = session.catalogue.group(ref.group)
            name = pick(ref.title, ref.title_en) if ref.title else known.name
            shown = tr("shown") if session.document.is_visible(ref) else tr("hidden")
            out.append(Entry(
                name, partial(self._window.show_layer, ref.id),
                tr("Layer · {group} · {state}", group=group.name if group else "-", state=shown), "layers-outline",
                (known.title, known.title_en, ref.id), rank=0.0,
            ))  # fmt: skip
        return out

    def _bookmarks(self) -> list[Entry]:
        return [
            Entry(mark.title, partial(self._window.do, "view.bookmark_go", title=mark.title),
                  tr("Bookmark · {scale}", scale=scale_text(mark.scale)), "bookmark-outline", rank=0.5)
            for mark in self._window.session.document.bookmarks
        ]  # fmt: skip

    def _features(self, wanted: str) -> list[tuple[float, Entry]]:
        typed = wanted.replace(" ", "") if wanted.isascii() else ""
        hits: list[tuple[float, Name]] = []
        for name in self.names:
            s = _score(wanted, typed, name)
            if s > 0:
                hits.append((s + name.priority / 20, name))
        hits.sort(key=lambda pair: -pair[0])
        session = self._window.session
        return [
            (s, Entry(n.text, partial(self._window.show_feature, n.layer, n.row),
                      session.definition(n.layer).name, "map-marker-outline"))
            for s, n in hits[:SHOWN_FEATURES]
        ]  # fmt: skip


def _score(wanted: str, typed: str, name: Name) -> float:
    text = name.text.casefold()
    if wanted == text:
        return 99.0
    if text.startswith(wanted):
        return 84.0 + 10 * len(wanted) / len(text)
    if wanted in text:
        return 64.0 + 10 * len(wanted) / len(text)
    if typed and name.whole:
        if name.whole.startswith(typed):
            return 78.0 + 10 * len(typed) / len(name.whole)
        if len(typed) > 1 and name.initials.startswith(typed):
            return 74.0 + 10 * len(typed) / len(name.initials)
        if len(typed) > 3 and typed in name.whole:
            return 58.0
    return 0.0
