"""The past of features: versions and how to get one back, what changed since, layers as they were, merging with others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from lydigital.commands.layer import find, title_of
from lydigital.commands.registry import Command, Parameters
from lydigital.commands.subjects import writable
from lydigital.edits import versions as past
from lydigital.errors import BadDataError, ConflictError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import changes_between
from lydigital.model.patch import patch_of, patched
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lydigital.edits.versions import Change, Version
    from lydigital.model.audit import AuditEntry
    from lydigital.model.conflict import Conflict, Side
    from lydigital.model.document import LayerRef
    from lydigital.model.feature import Feature
    from lydigital.session import Session
    from lydigital.stores.store import Applied


class OfFeature(Parameters, frozen=True):
    """One feature."""

    layer: str
    fid: int


class Restore(Parameters, frozen=True):
    """``step`` is the number of a step of the trail; ``before`` asks for the feature as it was before that step."""

    layer: str
    fid: int
    step: int
    before: bool = False


class Since(Parameters, frozen=True):
    """One of: a time (local where it names no zone), the number of the last step known, or a token from the last time."""

    time: datetime | None = None
    step: int | None = None
    token: str = ""


class AsOf(Parameters, frozen=True):
    """``time`` is local where it names no zone."""

    layer: str
    time: datetime


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose version of the parts of one feature holds: field names, "" for geometry, "*" for all that are not named."""

    layer: str
    fid: int
    parts: dict[str, Literal["mine", "theirs"]]


class Resolve(Parameters, frozen=True):
    """What holds of the features in conflict."""

    choices: tuple[Choice, ...]


class Handover(NamedTuple):
    """What changed since. ``layers`` has layers of the map by id; ``elsewhere`` counts changes in tables it does not show."""

    since: str
    layers: dict[str, list[Change]]
    entries: tuple[AuditEntry, ...]
    elsewhere: int
    token: str


# --- asking ---------------------------------------------------------------------------------------------------------


def versions_of(session: Session, layer: str, fid: int) -> list[Version]:
    """Versions of a feature that its store knows, newest first; unsaved edits are none of them."""
    ref = find(session, layer)
    store, table = session.stores.store(ref.source), session.stores.table_name(ref)
    return past.versions(store.history(table, fid), store.fetch(table, [fid]).get(fid))


def steps_of(
    session: Session, layer: str = "", *, since: datetime | None = None, until: datetime | None = None
) -> list[tuple[str, AuditEntry]]:
    """Steps saved in the stores of the map with the source of each, newest first; of one layer where it is named."""
    refs = [find(session, layer)] if layer else list(session.document.layers)
    found = []
    for source in dict.fromkeys(ref.source for ref in refs if _has_trail(ref)):
        name = session.stores.table_name(refs[0]) if layer else ""
        found += [(source, e) for e in session.stores.store(source).history(name, None, since, until)]
    return sorted(found, key=lambda each: (each[1].saved, each[1].seq), reverse=True)


def layers_by_table(session: Session, source: str) -> dict[str, str]:
    """Ids of the map's layers by the table they show."""
    return {session.stores.table_name(ref): ref.id for ref in session.document.layers if ref.source == source}


def handover_text(session: Session, found: Handover) -> str:
    """What changed as plain text to print or to send."""
    kinds = {"new": tr("new"), "changed": tr("changed"), "removed": tr("removed")}
    lines = [tr("Changes in {title} since {since}", title=session.document.title, since=found.since), ""]
    for layer, changes in found.layers.items():
        counts = counted(changes)
        lines.append(f"{session.definition(layer).name}: " + ", ".join(f"{kinds[k]} {n}" for k, n in counts.items() if n))
        for change in changes:
            fields = ", ".join([*([tr("geometry")] if change.geometry and change.kind == "changed" else []),
                                *(field_name(session, layer, f) for f in change.fields)])  # fmt: skip
            who = ", ".join(a or "?" for a in change.authors)
            name = feature_name(session, layer, change.fid, change.after or change.before)
            lines.append(f"  {kinds[change.kind]}  {name}  {fields}  ({who})".replace("    (", "  ("))
    if found.elsewhere:
        lines.append(tr("{count} changes in tables that the map does not show", count=found.elsewhere))
    return "\n".join(lines if found.layers or found.elsewhere else [*lines, tr("Nothing was changed.")])


def counted(changes: Iterable[Change]) -> dict[str, int]:
    """How many are new, changed and removed."""
    counts = {"new": 0, "changed": 0, "removed": 0}
    for change in changes:
        counts[change.kind] += 1
    return counts


def field_name(session: Session, layer: str, field: str) -> str:
    known = session.definition(layer).field(field)
    return known.alias if known is not None else field


def feature_name(session: Session, layer: str, fid: int, feature: Feature | None) -> str:
    """What people call a feature: its title field, or the layer's name and the number."""
    known = session.definition(layer)
    for name in (known.title_field, "name", "code"):
        value = feature.values.get(name) if feature is not None and name else None
        if value not in (None, ""):
            field = known.field(name)
            return field.decode(value) if field is not None else str(value)
    return tr("{layer} {fid}", layer=known.name, fid=fid)


# --- verbs ----------------------------------------------------------------------------------------------------------


def _versions(session: Session, parameters: OfFeature) -> list[Version]:
    return versions_of(session, parameters.layer, parameters.fid)


def _restore(session: Session, parameters: Restore) -> ChangeSet:
    ref = find(session, parameters.layer)
    writable(session, ref)
    fid, values = parameters.fid, {"layer": title_of(session, ref), "fid": parameters.fid, "step": parameters.step}
    found = next((v for v in versions_of(session, ref.id, fid) if v.entry.seq == parameters.step), None)
    if found is None:
        raise UsageError(
            "Step {step} did not touch {layer} {fid}", hint="lydigital store history lists the steps of a feature.", **values
        )
    then = found.before if parameters.before else found.feature
    if not found.is_whole and then is not None:
        raise ConflictError(
            "{layer} {fid} was removed by another program, and the trail has only parts of it",
            hint="Look for it in a backup: lydigital store backup --list FILE.", **values,
        )  # fmt: skip
    if then is not None:
        known = {f.name for f in session.stores.describe(ref).fields}
        gone = sorted(n for n, v in then.values.items() if n not in known and v is not None)
        if gone:
            raise BadDataError(
                "{layer} no longer has the fields {fields} that this version has values for",
                hint="Add them to the table again, or copy the values by hand.", fields=", ".join(gone), **values,
            )  # fmt: skip
        then = msgspec.structs.replace(then, values={n: v for n, v in then.values.items() if n in known})
    now = session.features.features(ref.id, [fid]).get(fid)
    deltas = changes_between(ref.id, fid, now, then)
    if not deltas:
        raise RefusedError("{layer} {fid} is like that already", hint="Choose another version.", **values)
    words = {name: str(value) for name, value in values.items()}
    return ChangeSet("Restore {layer} {fid} as of step {step}", deltas, values=words)


def _changes_since(session: Session, parameters: Since) -> Handover:
    given = [parameters.time is not None, parameters.step is not None, bool(parameters.token)]
    if sum(given) != 1:
        raise UsageError("Since when?", hint="Name a time, a step or a token, one of them.")
    time = None if parameters.time is None else aware(parameters.time)
    layers: dict[str, list[Change]] = {}
    entries: list[AuditEntry] = []
    tokens: list[str] = []
    elsewhere = 0
    sources = dict.fromkeys(ref.source for ref in session.document.layers if _has_trail(ref))
    for source in sources:
        store = session.stores.store(source)
        if time is not None:
            first = min((e.seq for e in store.history("", None, time)), default=None)
            steps, token = store.changes_since(f"{first - 1}") if first is not None else ([], "")
        elif parameters.step is not None:
            steps, token = store.changes_since(str(parameters.step))
        else:
            steps, token = store.changes_since(parameters.token)
        shown = layers_by_table(session, source)
        now = {table: store.fetch(table, fids) for table, fids in past.touched(steps).items() if table in shown}
        for table, changes in past.net_changes(steps, now).items():
            if table in shown:
                layers[shown[table]] = [change._replace(layer=shown[table]) for change in changes]
            else:
                elsewhere += len(changes)
        entries += steps
        tokens.append(token)
    step = parameters.token.partition(":")[0] if parameters.step is None else parameters.step
    since = local(time) if time is not None else tr("step {step}", step=step)
    order = [ref.id for ref in session.document.layers if ref.id in layers]
    return Handover(since, {i: layers[i] for i in order}, tuple(entries), elsewhere, tokens[0] if len(tokens) == 1 else "")


def _as_of(session: Session, parameters: AsOf) -> FeatureTable:
    """The layer as it stood before the first step saved after that time: what its store had then."""
    ref = find(session, parameters.layer)
    time = aware(parameters.time)
    if time > datetime.now(UTC):
        raise UsageError("{time} has not come yet", hint="Name a time in the past.", time=local(time))
    table = session.table(ref.id)
    if not isinstance(table, FeatureTable):
        raise RefusedError("{layer} is a raster and keeps no history", hint="Choose a layer of features.", layer=title_of(session, ref))
    store, name = session.stores.store(ref.source), session.stores.table_name(ref)
    first = min((e.seq for e in store.history(name, None, time + timedelta(microseconds=1))), default=None)
    steps = [] if first is None else store.changes_since(str(first - 1))[0]  # by number: clocks may go backwards
    later = [msgspec.structs.replace(e, changes=tuple(c for c in e.changes if c.layer == name)) for e in steps]
    unsaved = session.features.unsaved(ref.id)
    fids = sorted({*unsaved, *past.touched(later).get(name, [])})
    if not fids:
        return table
    stored = store.fetch(name, fids)
    then = past.as_of({fid: stored.get(fid) for fid in fids}, later)
    return patched(table, patch_of(table, then, session.stores.stored_crs(ref)))


def _resolve(session: Session, parameters: Resolve) -> tuple[Applied, ...]:
    choices: dict[tuple[str, int], Mapping[str, Side]] = {(c.layer, c.fid): c.parts for c in parameters.choices}

    def chosen(_conflicts: Sequence[Conflict]) -> Mapping[tuple[str, int], Mapping[str, Side]]:
        return choices

    return session.save_features(chosen)


def aware(time: datetime) -> datetime:
    """``time`` in its zone; the machine's own where it names none."""
    return time.astimezone() if time.tzinfo is None else time


def local(time: datetime) -> str:
    """A time as people here read it."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M")


def _has_trail(ref: LayerRef) -> bool:
    return ref.source.lower().endswith(".gpkg")


def _no_trail(session: Session) -> str | None:
    if any(_has_trail(ref) for ref in session.document.layers):
        return None
    return tr("The map has no GeoPackage")


def _nothing_unsaved(session: Session) -> str | None:
    return tr("There are no unsaved edits of features") if session.features.is_saved else None


COMMANDS = (
    Command("history.versions", "Versions of a feature", _versions, OfFeature, disabled=_no_trail, icon="history"),
    Command("history.restore", "Restore a version", _restore, Restore, disabled=_no_trail, icon="file-restore-outline"),
    Command("history.changes_since", "What changed since", _changes_since, Since, disabled=_no_trail, icon="compare"),
    Command("history.as_of", "A layer as it was", _as_of, AsOf, disabled=_no_trail, icon="calendar-clock"),
    Command("history.resolve", "Merge with the changes of others", _resolve, Resolve, disabled=_nothing_unsaved, icon="call-merge"),
)
