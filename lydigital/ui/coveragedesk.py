"""The desk of the workspace 覆盖: systems, an indicator unit by unit, sites that might be, the index, access, failing channels."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital.commands import framework as frameworks
from lydigital.commands import registry, results
from lydigital.commands.coverage import Area, Fail, People, Reach
from lydigital.commands.index import Compute as IndexWanted
from lydigital.model.crs import Crs
from lydigital.model.document import LayerRef
from lydigital.model.indicator import Gap
from lydigital.model.table import FeatureTable
from lydigital.texts import pick, tr
from lydigital.ui.overlays import area_layer, site_layer
from lydigital.ui.tools.hand import Hand
from lydigital.ui.tools.site import PutSite
from lydigital.ui.unitdesk import UnitDesk, crowded, farthest
from lydigital.ui.unitmap import UnitMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.changeset import ChangeSet, Delta
    from lydigital.model.coverage import Access, Board, Served, ServiceArea
    from lydigital.model.index import IndexResult
    from lydigital.model.indicator import Indicator, IndicatorResult, Level, WhatIf
    from lydigital.model.system import Framework, System, SystemCard
    from lydigital.render.drawlist import SceneLayer
    from lydigital.ui.tools.shapes import XY
    from lydigital.ui.window import Window

SITES = ("base_station", "exchange", "agri_station")
SUPPLIES = ("hospital", "school", "agri_station", "shelter")
SITE_REACH_M = 3_000.0  # where an indicator does not say how far a site reaches


class CoverageDesk(UnitDesk):
    """``changed`` names what is other now: systems, indicators, indicator, unit, sites, index, access, failing, map, busy."""

    name = "coverage"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.cards: tuple[SystemCard, ...] = ()
        self.indicators: tuple[Indicator, ...] = ()
        self.indicator: Indicator | None = None
        self.level: Level = "county"
        self.year: int | None = None
        self.result: IndicatorResult | None = None
        self.sites: tuple[XY, ...] = ()
        self.what_if: WhatIf | None = None
        self.site_amount = 0.0
        self._site_reach = 0.0
        self.index_wanted = IndexWanted()
        self.index: IndexResult | None = None
        self.usual: IndexResult | None = None  # with the weights of the definition
        self.area_wanted = People(layer="")
        self.area: ServiceArea | None = None
        self.served: Served | None = None
        self.access_wanted = Reach(layer="")
        self.access: Access | None = None
        self.failing_wanted = Fail()
        self.failing: Board | None = None
        self.hand = Hand(window.canvas, window.session, window.preferences.aids)
        self.hand.left.connect(lambda: self.take_site(on=False))
        self.is_stale = False
        window._links = (*window._links, (self.session.changed, self._session_changed))
        self.session.changed.connect(self._session_changed)

    # systems

    @cached_property
    def framework(self) -> Framework:
        """Chapters and systems of the plan."""
        return frameworks.framework()

    def look_at_systems(self) -> None:
        """Every system of the plan on this map, in a job."""

        def done(cards: tuple[SystemCard, ...]) -> None:
            self.cards = cards
            self.changed.emit("systems")

        self.ask("systems", tr("Looking at the systems of the plan"), "framework.show", done)

    def can_open(self, system: System) -> bool:
        """Whether a system has layers to be seen; those of some are tables without places."""
        return any(self.session.document.layer(layer) is not None for layer in system.shown_layers)

    def open_theme(self, system: str) -> None:
        """The theme map of a system, one step to undo; gone near enough to see it."""
        self.show("")
        found = self.framework.system(system)
        if found is not None and self.window.do("framework.open", system=system) is not None:
            self._approach(found)

    def _approach(self, system: System) -> None:
        """Where nothing of a theme is drawn at this scale, go to where its leading layer is, around most of its features."""
        session, canvas = self.session, self.window.canvas
        refs = [ref for layer in system.shown_layers if (ref := session.document.layer(layer)) is not None]
        refs = [ref for ref in refs if ref.group not in frameworks.BASE] or refs
        if not refs or any(farthest(session.style(ref.id)) > canvas.viewport.scale for ref in refs):
            return
        table = session.table(refs[0].id)
        if not isinstance(table, FeatureTable) or not len(table):
            return
        near = canvas.viewport.at_scale(0.9 * farthest(session.style(refs[0].id)))
        x, y = crowded(table.geometry.bounds, (near.width_px * near.units_per_px, near.height_px * near.units_per_px))
        canvas.go_to(x, y, near.scale)
        canvas.pan_by(-self.window._covered_px() / 2 / canvas.devicePixelRatioF(), 0)

    # an indicator

    def list_indicators(self) -> Sequence[Indicator]:
        """All indicators that are defined, once."""
        if not self.indicators:
            self.indicators = tuple(registry.execute(self.session, "indicator.list"))
        return self.indicators

    def choose(self, indicator: str, level: str = "", year: int | None = None) -> None:
        """Work an indicator out; at the level of before where it has that, at its first otherwise."""
        found = next((i for i in self.list_indicators() if i.id == indicator), None)
        if found is None:
            return
        wanted = level or self.level
        is_other = self.indicator is None or self.indicator.id != found.id
        self.indicator = found
        self.level = wanted if wanted in found.levels else found.levels[0]
        self.year = year
        self.result = None
        if is_other:
            self.clear_sites()
        self.changed.emit("indicator")

        session = self.session
        given: dict[str, Any] = {"indicator": indicator, "level": self.level} | ({} if year is None else {"year": year})

        def work(job: Any) -> tuple[IndicatorResult, UnitMap | None]:
            job.report(0.05)
            result = self.perform(job, "indicator.compute", **given)
            values = {u.code: u.value for u in result.units if u.value is not None}
            return result, UnitMap.of(session, result.level, values, is_reversed=not found.higher_is_better)

        def done(both: tuple[IndicatorResult, UnitMap | None]) -> None:
            result, units = both
            if self.indicator is None or (result.indicator.id, result.level) != (self.indicator.id, self.level):
                return
            self.result = result
            self.put("indicator", units)
            self.say(result.issues)
            self.changed.emit("indicator")

        self.start("indicator", tr("Working out {indicator}", indicator=found.name), work, done)

    def keep_on_map(self) -> None:
        """The indicator as a layer of the map."""
        if self.indicator is not None:
            given = {} if self.year is None else {"year": self.year}
            self.window.do("indicator.map", indicator=self.indicator.id, level=self.level, **given)

    def begin(self) -> None:
        """An indicator is there to be looked at: the first one, where none was chosen."""
        known = self.list_indicators()
        if self.indicator is None and known:
            self.choose(known[0].id)

    def name_of_system(self, system: str) -> str:
        """As the plan calls it."""
        found = self.framework.system(system)
        return system if found is None else found.name

    # sites that might be

    def no_sites(self) -> str | None:
        """Why a site cannot be tried out, None when it can."""
        if self.indicator is None:
            return tr("Choose an indicator first")
        if self.indicator.gap is None and not self.site_amount:
            return tr("Say how much a site adds")
        return None

    @property
    def site_reach(self) -> float:
        """How far a new site reaches, metres; 0: the unit it stands in."""
        rule = None if self.indicator is None else self.indicator.gap
        if rule is None or rule.level:
            return 0.0
        return self._site_reach or rule.reach_m or SITE_REACH_M

    def change_sites(self, reach_m: float | None = None, amount: float | None = None) -> None:
        """Sites reach so far, or add so much; what was worked out of others is worked out again."""
        if reach_m is not None:
            self._site_reach = reach_m
        if amount is not None:
            self.site_amount = amount
        if isinstance(self.hand.tool, PutSite):
            self.hand.tool.reach = self._reach_in_map()
        self.window.canvas.update()
        if self.sites:
            self._try_sites()
        else:
            self.changed.emit("sites")

    def _reach_in_map(self) -> float:
        return self.site_reach / self.window.canvas.viewport.crs.metres_per_unit

    @property
    def is_placing(self) -> bool:
        return self.hand.tool is not None

    def take_site(self, on: bool = True) -> None:
        """Take sites into the hand, or give the map its gestures back."""
        if on and self.no_sites() is None:
            self.window.editing.stop(close_card=False)
            self.window.map.close_board()
            self.hand.take(PutSite(self.hand, self.put_site, lambda: self.sites, self._reach_in_map()))
        elif self.window.canvas.hand is self.hand:
            self.hand.take(None)
        self.show(self.shown)
        self.window.canvas.setFocus()
        self.changed.emit("tool")

    def clear_sites(self) -> None:
        self.sites, self.what_if = (), None
        self.show(self.shown)
        self.window.canvas.update()
        self.changed.emit("sites")

    def put_site(self, place: XY) -> None:
        """One more site; who is gained by all of them is worked out at once."""
        self.sites = (*self.sites, place)
        self._try_sites()

    def _try_sites(self) -> None:
        one = self.indicator
        if one is None:
            return

        def done(found: WhatIf) -> None:
            if found.indicator is self.indicator or found.indicator == self.indicator:
                self.what_if = found
                self.say(found.issues)
                self.changed.emit("sites")

        given: dict[str, Any] = {"indicator": one.id, "level": self.level, "sites": self.sites}
        given |= {"amount": self.site_amount} if one.gap is None else {"reach_m": self.site_reach}
        self.ask("sites", tr("Who is gained"), "indicator.whatif", done, **given)

    # the index

    def weigh(self, weights: dict[str, float], **choices: Any) -> None:
        """Other weights of the parts, by id, adding up to 1; other ``year``, ``method`` or ``missing``. It is worked out at once."""
        self.index_wanted = msgspec.structs.replace(self.index_wanted, weights=weights, **choices)
        session, wanted = self.session, self.index_wanted

        def work(job: Any) -> tuple[IndexResult, UnitMap | None]:
            job.report(0.05)
            found: IndexResult = self.perform(job, "index.compute", **msgspec.structs.asdict(wanted))
            values = {s.code: s.value for s in found.ranking if s.value is not None}
            return found, UnitMap.of(session, "county", values)

        def done(both: tuple[IndexResult, UnitMap | None]) -> None:
            self.index, units = both
            self.usual = self.usual or self.index
            if self.shown in ("", "index"):
                self.put("index", units)
            self.say(self.index.issues)
            self.changed.emit("index")

        self.start("index", tr("Working out the index"), work, done)

    def keep_index(self) -> None:
        """The index as a layer of the map."""
        self.window.do("index.map", **msgspec.structs.asdict(self.index_wanted))

    # service areas

    def want_area(self, **changes: Any) -> None:
        """Ask otherwise; nothing is worked out yet."""
        self.area_wanted = msgspec.structs.replace(self.area_wanted, **changes)
        self.changed.emit("area")

    def site_layers(self) -> list[tuple[str, str]]:
        """Layers of the map that services come from: points and areas that are not of the base map, networks first."""
        kinds = {ref.id: self.session.definition(ref.id) for ref in self.session.document.layers if ref.group not in (*frameworks.BASE, results.GROUP.id)}
        fit = [layer for layer, known in kinds.items() if known.geometry in ("point", "polygon")]
        fit.sort(key=lambda layer: kinds[layer].group != "telecom")
        if fit and not self.area_wanted.layer:
            self.area_wanted = msgspec.structs.replace(self.area_wanted, layer=next((i for i in fit if i in SITES), fit[0]))
        return [(layer, kinds[layer].name) for layer in fit]

    def look_at_area(self) -> None:
        """What the sites reach and who lives there, in a job."""
        session, wanted = self.session, self.area_wanted
        reach = {name: getattr(wanted, name) for name in Area.__struct_fields__}

        def work(job: Any) -> tuple[ServiceArea, Served, UnitMap | None, SceneLayer]:
            job.report(0.05)
            area: ServiceArea = self.perform(job, "coverage.area", **reach)
            served: Served = self.perform(job, "coverage.served", **msgspec.structs.asdict(wanted))
            shares = {u.code: 100 * u.share for u in served.units if u.share is not None}
            return area, served, UnitMap.of(session, wanted.by, shares), area_layer(area.shape, area.crs, Crs(session.document.crs))

        def done(found: tuple[ServiceArea, Served, UnitMap | None, SceneLayer]) -> None:
            self.area, self.served, units, outline = found
            self.put("area", units, outline)
            self.say((*self.area.issues, *self.served.issues))
            self.changed.emit("area")

        self.start("area", tr("Working out service areas"), work, done)

    def keep_area(self) -> None:
        """The service area as a layer of the map."""
        self.window.do("coverage.map", **{name: getattr(self.area_wanted, name) for name in Area.__struct_fields__})

    # access

    def want_access(self, **changes: Any) -> None:
        """Ask otherwise; nothing is worked out yet."""
        self.access_wanted = msgspec.structs.replace(self.access_wanted, **changes)
        self.changed.emit("access")

    def supply_layers(self) -> list[tuple[str, str]]:
        """Layers of points on the map, services first."""
        points = [ref.id for ref in self.session.document.layers if self.session.definition(ref.id).geometry == "point"]
        first = [layer for layer in SUPPLIES if layer in points]
        found = [(layer, self.session.definition(layer).name) for layer in (*first, *(p for p in points if p not in first))]
        if found and not self.access_wanted.layer:
            self.access_wanted = msgspec.structs.replace(self.access_wanted, layer=found[0][0])
        return found

    def capacities(self, layer: str) -> list[tuple[str, str]]:
        """Fields that may say how much a supply has."""
        usual = tr("Beds") if layer == "hospital" else tr("Each counts 1")
        if not layer:
            return [("", usual)]
        fields = self.session.definition(layer).fields
        return [("", usual), *((f.name, pick(f.title, f.title_en)) for f in fields if f.type in ("integer", "real") and not f.domain)]

    def look_at_access(self) -> None:
        """Who can reach how much, in a job."""
        session, wanted = self.session, self.access_wanted

        def work(job: Any) -> tuple[Access, UnitMap | None]:
            job.report(0.05)
            found: Access = self.perform(job, "coverage.access", **msgspec.structs.asdict(wanted))
            return found, UnitMap.of(session, "village", {p.code: p.value for p in found.places if p.value is not None})

        def done(both: tuple[Access, UnitMap | None]) -> None:
            self.access, units = both
            self.put("access", units)
            self.say(self.access.issues)
            self.changed.emit("access")

        self.start("access", tr("Working out access"), work, done)

    def keep_access(self) -> None:
        """Access as a layer of the map."""
        self.window.do("coverage.access_map", **msgspec.structs.asdict(self.access_wanted))

    def show_feature(self, layer: str, fid: int) -> None:
        """Select a feature and go to it."""
        self.show_gap(Gap("", "", "", "", layer, fid))

    # warnings that do not get through

    def want_failing(self, **changes: Any) -> None:
        """Ask for other dangers or levels; nothing is worked out yet."""
        self.failing_wanted = msgspec.structs.replace(self.failing_wanted, **changes)
        self.changed.emit("failing")

    def look_at_failing(self) -> None:
        """Places in danger and the channels that fail there, in a job."""
        session, wanted = self.session, self.failing_wanted

        def work(job: Any) -> tuple[Board, UnitMap | None]:
            job.report(0.05)
            found: Board = self.perform(job, "coverage.failing", **msgspec.structs.asdict(wanted))
            missing = {p.code: len(p.missing) for p in found.places}
            return found, UnitMap.of(session, "village", missing, ramp="ember", limits=(1.0, 2.0, 3.0, 4.0, 5.0)[: max(missing.values(), default=0)], is_partial=True)

        def done(both: tuple[Board, UnitMap | None]) -> None:
            self.failing, units = both
            self.put("failing", units)
            self.say(self.failing.issues)
            self.changed.emit("failing")

        self.start("failing", tr("Looking for warnings that do not get through"), work, done)

    def keep_failing(self) -> None:
        """Places that warnings do not reach as a layer of the map."""
        self.window.do("coverage.failing_map", **msgspec.structs.asdict(self.failing_wanted))

    # the map

    def instead_of(self, kind: str) -> tuple[str, ...]:
        return () if kind == "failing" else ("geohazard",)

    def besides(self, kind: str) -> tuple[SceneLayer, ...]:
        """Sites put on the map stay there when the tool is laid down."""
        if kind != "indicator" or not self.sites or self.is_placing:
            return ()
        return (site_layer(self.sites, Crs(self.session.document.crs)),)

    def leave(self) -> None:
        """Another workspace: its map is its own; what was worked out stays in hand."""
        self.take_site(on=False)
        self.window.map.close_board()
        self.window.picture.lay(self.name)
        self.window.redraw()

    def forget(self) -> None:
        """Another map: nothing of the old one stays."""
        self.forget_map()
        self.cards, self.indicators, self.indicator, self.result = (), (), None, None
        self.level, self.year = "county", None
        self.sites, self.what_if, self.index, self.usual, self.access, self.failing = (), None, None, None, None, None
        self.area = self.served = None
        self.index_wanted, self.area_wanted, self.access_wanted, self.failing_wanted = IndexWanted(), People(layer=""), Reach(layer=""), Fail()
        self.take_site(on=False)

    def look_again(self) -> None:
        """What was worked out of features that are others now, once more."""
        self.is_stale = False
        self.cards = ()
        if self.indicator is not None:
            self.choose(self.indicator.id, self.level, self.year)
        self.changed.emit("systems")

    def _session_changed(self, changes: ChangeSet) -> None:
        self.is_stale = self.is_stale or any(map(_matters, changes.deltas))
        if self.is_stale and self.window.workspace == "coverage":
            self.look_again()


def _matters(delta: Delta) -> bool:
    """Whether what was worked out may be other now: features changed, or a layer came or went that is no result itself."""
    if delta.target.startswith("layer/") and delta.target.count("/") == 1:
        ref = delta.new or delta.old
        return not (isinstance(ref, LayerRef) and results.is_result(ref))
    return delta.target.startswith("feature/")
