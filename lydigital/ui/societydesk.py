"""What the pages of residents, farmland and metadata have in hand; drawn over the map, no part of it. Commands do the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lydigital.errors import LydError
from lydigital.model.crs import Crs, transformation
from lydigital.model.geometry import GeometryArray
from lydigital.model.table import FeatureTable
from lydigital.texts import tr
from lydigital.ui.desk import Desk
from lydigital.ui.notices import Notice
from lydigital.ui.tools.hand import Hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.community import Household, Needs, Roster
    from lydigital.model.farmland import Comparison, Occupation
    from lydigital.model.metadata import CatalogueRecord
    from lydigital.model.style import Style
    from lydigital.ui.tools.shapes import XY
    from lydigital.ui.window import Window

NEAR = 4_000.0
PARCEL = 30_000.0


class SocietyDesk(Desk):
    """What the three have in common: an overlay of their own, work beside the window, going to places."""

    overlay = ""
    layers: tuple[str, ...] = ()

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._worked_on: tuple[object, ...] = ()

    def forget(self) -> None:
        """Another map, or other data: nothing of the old may stay."""

    def keep_up(self) -> None:
        """What was found in data that a step changed since is given up."""
        if self._worked_on and not all(map(_is_same, self._worked_on, self._tables())):
            self.forget()

    def worked(self) -> None:
        """Remember what data the work was done on."""
        self._worked_on = self._tables()

    def _tables(self) -> tuple[object, ...]:
        found: list[object] = []
        for layer in self.layers:
            try:
                found.append(None if self.session.ref(layer) is None else self.session.table(layer))
            except LydError:
                found.append(None)
        return tuple(found)

    def rest(self) -> None:
        """Take everything off the map."""
        self.window.picture.lay(self.overlay)
        self.window.redraw()

    def lay(self, *some: tuple[str, FeatureTable, Style]) -> None:
        """Draw tables over the map."""
        from lydigital.ui.overlays import table_layer

        layers = []
        for name, table, style in some:
            moved = table.to_crs(Crs(self.session.document.crs))
            if len(moved):
                layers.append(table_layer(f"{self.overlay}.{name}", moved, style, {c: moved.column(c).to_pylist() for c in moved.column_names}))
        self.window.picture.lay(self.overlay, *layers)
        self.window.redraw()

    def work(self, command: str, title: str, name: str, **given: object) -> None:
        """Run a command beside the window; its result becomes the attribute ``name``."""
        from lydigital.commands import registry

        def done(found: Any) -> None:
            setattr(self, name, found)
            self.worked()
            self.show()
            self.changed.emit("all")

        self.start(name, title, lambda _job: registry.execute(self.session, command, **given), done)

    def show(self) -> None:
        """Lay what is in hand on the map."""

    def go_to(self, x: float | None, y: float | None, scale: float, crs: Crs | None = None) -> None:
        """Show a place of the map, or of ``crs``, and ring it."""
        if x is None or y is None:
            return
        if crs is not None:
            x, y = transformation(crs, Crs(self.session.document.crs)).point(x, y)
        canvas = self.window.canvas
        canvas.go_to(x, y, min(canvas.viewport.scale, scale))
        canvas.mark(x, y)

    def write(self, command: str, path: str, **given: object) -> None:
        """Have a command write a file."""
        if self.window.do(command, output=path, **given) is not None:
            self.window.say(Notice("note", tr("Written: {path}", path=path)))


class RosterDesk(SocietyDesk):
    """A roster of the place chosen, and households in need."""

    overlay = "roster"
    layers = ("resident", "building", "grid", "urban_community")

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.mode: Literal["roster", "needs"] = "roster"
        self.of, self.code, self.by = "building", "", "township"
        self.personal = False
        self.roster: Roster | None = None
        self.needs: Needs | None = None

    @property
    def may_see(self) -> bool:
        from lydigital.commands.card import may_see

        return may_see(self.session)

    def forget(self) -> None:
        self.forget_jobs()
        self.code, self.personal, self.roster, self.needs = "", False, None, None
        self.rest()
        self.changed.emit("all")

    def change(self, **values: Any) -> None:
        """Another mode, kind of place, unit, or whether names are shown."""
        for name, value in values.items():
            setattr(self, name, value)
        if "of" in values:
            self.code, self.roster = "", None
        if "personal" in values and not self.may_see:
            self.personal = False
        if "by" in values or "personal" in values:
            self.needs = None
        if self.mode == "needs" and self.needs is None:
            self.count()
        elif self.mode == "roster" and (self.code or self.of == "city"):
            self.ask(self.code)
        self.show()
        self.changed.emit("all")

    def pick(self, x: float, y: float) -> bool:
        """A click on the map."""
        if self.mode != "roster" or self.of == "city":
            return False
        return self._found(x=x, y=y)

    def ask(self, code: str, of: str = "") -> bool:
        """The roster of a place by its code."""
        if of:
            self.mode, self.of = "roster", of
        return self._found(code=code)

    def count(self) -> None:
        """Households in need by unit."""
        if self.session.ref("resident") is None:
            return
        self.work("roster.needs", tr("Counting households in need"), "needs", by=self.by, personal=self.personal)

    def report(self, path: str) -> None:
        if self.mode == "needs":
            self.write("roster.needs", path, by=self.by, personal=self.personal)
        else:
            self.write("roster.show", path, of=self.of, code=self.code, personal=self.personal)

    def show(self) -> None:
        from lydigital.commands.work.roster import need_points

        if self.session.ref("resident") is None:
            self.lay()
            return
        some: Sequence[Household] = ()
        if self.mode == "needs" and self.needs is not None:
            some = self.needs.households
        elif self.mode == "roster" and self.roster is not None:
            some = [h for h in self.roster.households if h.category != 1]
        outline = [self._outline()] if self.mode == "roster" and self.code else []
        self.lay(*(o for o in outline if o is not None), ("points", *need_points(self.session, some)))

    def _found(self, **given: Any) -> bool:
        found = self.window.do("roster.show", of=self.of, personal=self.personal, **given)
        if found is None:
            return False
        self.roster, self.code = found, found.code
        self.worked()
        self.show()
        self.changed.emit("all")
        return True

    def _outline(self) -> tuple[str, FeatureTable, Style] | None:
        from lydigital.commands.work.roster import UNITS
        from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Stroke, Style

        layer = UNITS.get(self.of, "")
        if not layer or self.session.document.layer(layer) is None:
            return None
        table = self.session.table(layer)
        if not isinstance(table, FeatureTable):
            return None
        if self.of == "building":
            row = table.row_of.get(int(self.code), -1)
        else:
            codes = table.column("code").to_pylist()
            row = codes.index(self.code) if self.code in codes else -1
        if row < 0:
            return None
        style = Style((Rule((PolygonSymbolizer(Fill("#0f766e", 0.14), Stroke("#0f766e", width_mm=0.7)),)),))
        rows = np.array([row])
        return ("place", FeatureTable(table.fid[rows], _numbered(1), table.geometry.take(rows), table.crs), style)


class FarmlandDesk(SocietyDesk):
    """Farmland of two surveys, and what stands on protected land."""

    overlay = "farmland"
    layers = ("farmland", "farmland_before", "building", "settlement")

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.mode: Literal["change", "taken"] = "change"
        self.level = "county"
        self.area = ""
        self.comparison: Comparison | None = None
        self.occupation: Occupation | None = None
        self.hand = Hand(window.canvas, window.session, window.preferences.aids)
        self.hand.failed.connect(window.failed)
        self.hand.said.connect(lambda text, hint: window.say(Notice("warning", text, hint)))
        self.hand.left.connect(self.let_go)

    def let_go(self) -> None:
        if self.window.canvas.hand is self.hand:
            self.hand.take(None)
        self.changed.emit("hand")

    def rest(self) -> None:
        self.let_go()
        super().rest()

    def forget(self) -> None:
        self.forget_jobs()
        self.area, self.comparison, self.occupation = "", None, None
        self.rest()
        self.changed.emit("all")

    def change(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        if "level" in values and self.comparison is not None:
            self.compare()
        self.show()
        self.changed.emit("all")

    def compare(self) -> None:
        self.work("farmland.compare", tr("Comparing farmland"), "comparison", level=self.level)

    def look(self, area: str = "") -> None:
        """What stands on protected land: buildings and settlements, or an area drawn."""
        self.area = area
        self.work("farmland.occupied", tr("Looking at protected farmland"), "occupation", **self._taken())

    def draw(self) -> None:
        """Take the tool that draws an area."""
        from lydigital.ui.tools.farmland import DrawArea

        self.window.editing.stop(close_card=False)
        self.hand.take(DrawArea(self.hand, self))
        self.window.canvas.setFocus()

    def take_area(self, places: list[XY]) -> bool:
        """An area was drawn."""
        ring = ", ".join(f"{x!r} {y!r}" for x, y in [*places, places[0]])
        self.look(f"POLYGON (({ring}))")
        self.let_go()
        return True

    def report(self, path: str) -> None:
        if self.mode == "change":
            self.write("farmland.compare", path, level=self.level)
        else:
            self.write("farmland.occupied", path, **self._taken())

    def lay_down(self) -> None:
        """What is in hand as a layer of the map."""
        if self.mode == "change":
            self.window.do("farmland.compare_map", level="township")
        else:
            self.window.do("farmland.occupied_map", **self._taken())
        self.window.picture.lay(self.overlay)
        self.window.redraw()

    def show(self) -> None:
        import pyarrow as pa

        from lydigital.commands.work.farmland import CHANGE_STYLE, RED_STYLE

        found = self.comparison if self.mode == "change" else self.occupation
        if found is None:
            self.lay()
            return
        shapes, crs = found.outlines
        count = len(shapes)
        is_change = self.mode == "change" and self.comparison is not None
        columns = pa.table({"change": [p.change for p in self.comparison.parts]}) if is_change and self.comparison is not None else _numbered(count)
        table = FeatureTable(np.arange(1, count + 1), columns, shapes if count else GeometryArray.empty(shapes.kind), crs)
        self.lay(("pieces", table, CHANGE_STYLE if is_change else RED_STYLE))

    @property
    def crs(self) -> Crs:
        from lydigital.commands.hazard import working_crs

        return working_crs(self.session)

    def _taken(self) -> dict[str, Any]:
        return {"area": self.area} if self.area else {}


class CatalogueDesk(SocietyDesk):
    """Metadata of every layer."""

    overlay = "catalogue"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.layer = ""
        self.record: CatalogueRecord | None = None

    def forget(self) -> None:
        self.forget_jobs()
        self.layer, self.record = "", None
        self.changed.emit("all")

    def read(self) -> None:
        self.work("catalogue.show", tr("Reading metadata"), "record")

    def choose(self, layer: str) -> None:
        self.layer = layer
        self.changed.emit("all")

    def reveal(self, layer: str) -> None:
        """Show a layer on the map, all of it."""
        try:
            ref = self.session.document.layer(layer)
            if ref is not None and not self.session.document.is_visible(ref):
                self.window.do("layer.show", layer=layer)
            self.window.do("layer.zoom_to", layer=layer)
        except LydError as error:
            self.window.failed(error)

    def report(self, path: str) -> None:
        self.write("catalogue.export", path, layers=[self.layer] if self.layer else [])


def _is_same(first: object, second: object) -> bool:
    """Whether a table is as it was; one that is not drawn may have been read anew."""
    if first is second:
        return True
    if not (isinstance(first, FeatureTable) and isinstance(second, FeatureTable)):
        return False
    is_there = np.array_equal(first.geometry.coords, second.geometry.coords)
    return bool(is_there and np.array_equal(first.fid, second.fid) and first.columns.equals(second.columns))


def _numbered(count: int) -> Any:
    import pyarrow as pa

    return pa.table({"number": list(range(count))})
