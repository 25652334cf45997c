"""What commands on roads do: places and closures of the map brought to the network, answers as values and as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lydigital.commands.hazard import working_crs
from lydigital.commands.network import network_of
from lydigital.commands.subjects import geometry_of
from lydigital.domain import routing
from lydigital.domain.closures import Barrier, close
from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError, UsageError
from lydigital.model import columns
from lydigital.model.crs import Crs, transformation
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.model.ways import MatrixAnswer, NearestAnswer, RouteAnswer, Target, WithinAnswer
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.commands.network import Build, Matrix, Nearest, Point, Roads, Route, Within
    from lydigital.model.network import BuildReport, Places, RoadNetwork
    from lydigital.session import Session

FAR_M = 500.0  # a place farther than this from its road is said in the answer
MOST_BEYOND = 20
MOST_NAMES = 10
MOST_CELLS = 1_000_000


def build(session: Session, wanted: Build) -> BuildReport:
    """The report of the map's network."""
    return network_of(session, wanted.profile, tolerance_m=wanted.tolerance_m).report


def route(session: Session, wanted: Route) -> RouteAnswer:
    """The fastest way between places."""
    network = roads(session, wanted)
    xy = points(session, [wanted.start, *wanted.via, wanted.end], wanted.crs)
    places = routing.snap(network, xy)
    names = [tr("Start"), *(tr("Stop {number}", number=k + 1) for k in range(len(wanted.via))), tr("Destination")]
    pairs = [(k, k + 1) for k in range(len(xy) - 1)]
    parts = routing.routes(network, places, places, pairs)
    return RouteAnswer(**_common(session, network, far(places, names)), parts=parts)


def within(session: Session, wanted: Within) -> WithinAnswer:
    """What is reached within some times."""
    network = roads(session, wanted)
    xy, names = _starts(session, wanted)
    places = routing.snap(network, xy)
    areas = routing.isochrone(network, places, [60 * m for m in wanted.minutes], towards=wanted.towards, beside_m=wanted.beside_m)
    off = tuple(
        (names[i], float(places.off_m[i]) if np.isfinite(places.off_m[i]) else None) for i in np.flatnonzero(places.edge < 0).tolist()
    )
    common = _common(session, network, far(places, names))
    return WithinAnswer(**common, areas=areas, places=int((places.edge >= 0).sum()), towards=wanted.towards, off_road=off)


def nearest(session: Session, wanted: Nearest) -> NearestAnswer:
    """The nearest features of a layer by time."""
    network = roads(session, wanted)
    fids, names, xy = features(session, wanted.layer, wanted.fids)
    place = routing.snap(network, points(session, [wanted.place], wanted.crs))
    targets = routing.snap(network, xy)
    found = routing.nearest(network, place, targets, wanted.count, towards=wanted.towards, limit_s=60 * wanted.minutes)[0]
    starts, ends = (targets, place) if wanted.towards else (place, targets)

    def answers(rows: Sequence[int]) -> tuple[Target, ...]:
        pairs = [(row, 0) if wanted.towards else (0, row) for row in rows]
        ways = routing.routes(network, starts, ends, pairs)
        return tuple(
            Target(int(fids[row]), names[row], way, float(xy[row, 0]), float(xy[row, 1])) for row, way in zip(rows, ways, strict=True)
        )

    all_s = routing.one_to_all(network, place, towards=wanted.towards).at(targets)
    lost = np.flatnonzero(~np.isfinite(all_s))
    near = lost[np.argsort(np.hypot(*(xy[lost] - place.xy[0]).T), kind="stable")][:MOST_BEYOND]
    issues = far(place, [tr("The place")])
    if len(found) < min(wanted.count, len(fids) - len(lost)):
        issues.append(Issue(
            "network.fewer", "note", "Only {count} are reached within {minutes} min", "Allow more time.", wanted.layer, count=len(found),
            values={"count": str(len(found)), "minutes": f"{wanted.minutes:g}"},
        ))  # fmt: skip
    return NearestAnswer(
        **_common(session, network, issues), layer=wanted.layer, title=session.definition(wanted.layer).name, towards=wanted.towards,
        found=answers([n.target for n in found]), beyond=answers(near.tolist()), unreached=len(lost),
    )  # fmt: skip


def matrix(session: Session, wanted: Matrix) -> MatrixAnswer:
    """Times between the features of two layers."""
    network = roads(session, wanted)
    fids, names, xy = features(session, wanted.layer, wanted.fids)
    target_fids, target_names, target_xy = features(session, wanted.targets, wanted.target_fids)
    if len(xy) * len(target_xy) > MOST_CELLS:
        raise RefusedError(
            "A matrix of {starts} × {ends} places is too large", hint="Ask about fewer, or for the nearest only.",
            starts=len(xy), ends=len(target_xy),
        )  # fmt: skip
    starts, ends = routing.snap(network, xy), routing.snap(network, target_xy)
    seconds = routing.matrix(network, starts, ends, limit_s=60 * wanted.minutes)
    rows = tuple(tuple(float(s) if np.isfinite(s) else None for s in line) for line in seconds.tolist())
    issues = [*far(starts, names), *far(ends, target_names)]
    made = MatrixAnswer(
        **_common(session, network, issues), rows=tuple(zip(fids.tolist(), names, strict=True)),
        columns=tuple(zip(target_fids.tolist(), target_names, strict=True)), seconds=rows,
    )  # fmt: skip
    if wanted.output:
        _write(made, wanted.output)
    return made


# --- the network as asked for -----------------------------------------------------------------------------------------


def roads(session: Session, wanted: Roads) -> RoadNetwork:
    """The network of the map for ``wanted.profile``, with what is closed.

    Raises
    ------
    LydError
        When there is none, or a closure is no geometry or no feature.
    """
    network = network_of(session, wanted.profile)
    barriers = [Barrier(tr("Barrier {number}", number=k + 1), _shape(session, text)) for k, text in enumerate(wanted.barriers)]
    for layer, fids in wanted.closed.items():
        barriers += _features_as_barriers(session, network, layer, fids)
    return close(network, barriers) if barriers else network


def _shape(session: Session, text: str) -> Any:
    crs = Crs(session.document.crs)
    move = transformation(crs, working_crs(session))
    return shapely.transform(geometry_of(text, crs), lambda xy: move.points(np.ascontiguousarray(xy)))


def _features_as_barriers(session: Session, network: RoadNetwork, layer: str, fids: tuple[int, ...]) -> list[Barrier]:
    if layer in network.layers:
        if not fids:
            raise UsageError("All roads of {layer} cannot be closed at once", hint="Name the roads by their numbers.", layer=layer)
        return [Barrier(session.definition(layer).name, layer=layer, fids=fids)]
    table = _table(session, layer)
    rows = _rows(table, layer, fids)
    shapes = table.geometry.to_shapely(rows)
    titles = _titles(session, layer, table, rows)
    return [Barrier(title, shape) for title, shape in zip(titles, shapes, strict=True) if not shapely.is_empty(shape)]


def points(session: Session, places: Sequence[Point], crs: str = "") -> NDArray[np.float64]:
    """Places in ``crs``, the map's own system unless named, in that of the network ``(k, 2)``.

    Raises
    ------
    BadDataError
        When one lies where the map's system does not reach.
    """
    xy = np.array(places, np.float64).reshape(-1, 2)
    moved = transformation(Crs(crs or session.document.crs), working_crs(session)).points(np.ascontiguousarray(xy))
    if not np.isfinite(moved).all():
        bad = xy[~np.isfinite(moved).all(axis=1)][0]
        raise BadDataError(
            "{x}, {y} is no place of this map", hint="Give x and y in the map's own system.", x=float(bad[0]), y=float(bad[1])
        )
    return moved


def features(session: Session, layer: str, fids: tuple[int, ...]) -> tuple[NDArray[np.int64], list[str], NDArray[np.float64]]:
    """Fids, titles and places ``(k, 2)`` of features in the network's system: points, or points inside areas and on lines.

    Raises
    ------
    LydError
        When the map has no such layer or features, or none has a place.
    """
    table = _table(session, layer)
    rows = _rows(table, layer, fids)
    inner = shapely.point_on_surface(table.geometry.to_shapely(rows))
    has = ~shapely.is_empty(inner) & ~shapely.is_missing(inner)
    if not has.any():
        raise BadDataError("The layer {layer} has no places", hint="Name a layer with features.", layer=session.definition(layer).name)
    rows, inner = rows[has], inner[has]
    return table.fid[rows], _titles(session, layer, table, rows), shapely.get_coordinates(inner)


def _starts(session: Session, wanted: Within) -> tuple[NDArray[np.float64], list[str]]:
    if bool(wanted.places) == bool(wanted.layer):
        raise UsageError("Name either places or a layer", hint="From where is it to be reached?")
    if wanted.layer:
        _, names, xy = features(session, wanted.layer, wanted.fids)
        return xy, names
    names = [tr("Place {number}", number=k + 1) for k in range(len(wanted.places))]
    return points(session, wanted.places, wanted.crs), names


def _table(session: Session, layer: str) -> FeatureTable:
    if session.document.layer(layer) is None:
        raise UsageError("There is no layer {layer}", hint="lydigital info lists the layers.", layer=layer)
    table = session.table(layer)
    if not isinstance(table, FeatureTable):
        raise UsageError("{layer} is a raster and has no features", hint="Choose a layer of features.", layer=layer)
    return table.to_crs(working_crs(session))


def _rows(table: FeatureTable, layer: str, fids: tuple[int, ...]) -> NDArray[np.int64]:
    if not fids:
        return np.argsort(table.fid, kind="stable")
    rows = table.rows_of(np.array(fids, np.int64))
    if (rows < 0).any():
        raise UsageError(
            "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
            layer=layer, fid=fids[int(np.argmax(rows < 0))], count=len(table),
        )  # fmt: skip
    return rows


def _titles(session: Session, layer: str, table: FeatureTable, rows: NDArray[np.int64]) -> list[str]:
    field = session.definition(layer).title_field or "name"
    if field not in table.column_names:
        return [f"{layer} {fid}" for fid in table.fid[rows].tolist()]
    number, values = columns.coded(table.column(field))
    words = [*(str(v) for v in values), ""]
    return [words[n] or f"{layer} {fid}" for n, fid in zip(number[rows].tolist(), table.fid[rows].tolist(), strict=True)]


# --- what every answer says -------------------------------------------------------------------------------------------


def _common(session: Session, network: RoadNetwork, issues: Sequence[Issue]) -> dict[str, Any]:
    is_sample = any(session.definition(layer).sample for layer in network.layers)
    return {
        "crs": network.crs.definition, "profile": network.profile.name, "closed": network.closed,
        "issues": (*network.issues, *issues), "is_sample": is_sample,
    }  # fmt: skip


def far(places: Places, names: Sequence[str]) -> list[Issue]:
    """Places whose road is far, closed, or none."""
    made = []
    for code, which, message in (
        ("network.off_road", places.edge < 0, "No road is near: {names}"),
        ("network.cut_place", (places.edge >= 0) & places.is_cut, "The nearest road is closed, the way begins or ends at the next open one: {names}"),
        ("network.far", (places.edge >= 0) & ~places.is_cut & (places.off_m > FAR_M), "Far from the road, which is not in the times: {names}"),
    ):  # fmt: skip
        rows = np.flatnonzero(which).tolist()
        if rows:
            words = [
                tr("{name} ({distance} m)", name=names[i], distance=f"{places.off_m[i]:,.0f}") if np.isfinite(places.off_m[i]) else names[i]
                for i in rows[:MOST_NAMES]
            ]
            words += ["…"] if len(rows) > MOST_NAMES else []
            made.append(Issue(code, "warning", message, "Distances are straight lines to the road.", count=len(rows), values={"names": "、".join(words)}))
    return made


def _write(answer: MatrixAnswer, output: str) -> None:
    import csv
    import io
    from pathlib import Path

    from lydigital import paths

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([tr("From, in minutes"), *(name for _, name in answer.columns)])
    for (_, name), line in zip(answer.rows, answer.seconds, strict=True):
        writer.writerow([name, *("" if s is None else f"{s / 60:.1f}" for s in line)])
    try:
        paths.write_atomically(Path(output).absolute(), text.getvalue().encode("utf-8-sig"))
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check that the folder exists and that you may write there.",
            path=output, reason=error.strerror or str(error),
        ) from error  # fmt: skip
