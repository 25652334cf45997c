"""Whatever is done to features and however often it is saved: the file has what the working copies show."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lydigital.edits.working import WorkingCopies
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import Feature, changes_between
from lydigital.stores.store import open_store

NOW = datetime(2026, 5, 4, tzinfo=UTC)
NAMES = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5))
HEIGHTS = st.one_of(st.none(), st.floats(width=64, allow_nan=False), st.integers(-9, 9))
SHAPES = st.one_of(
    st.none(),
    st.builds(lambda x, y, r: shapely.to_wkb(shapely.box(x, y, x + r, y + r), byte_order=1),
              st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.1, 1e4)),
    st.just(shapely.to_wkb(shapely.from_wkt("MULTIPOLYGON EMPTY"), byte_order=1)),
)  # fmt: skip
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(1, 7), NAMES, HEIGHTS),
        st.tuples(st.just("shape"), st.integers(1, 7), SHAPES),
        st.tuples(st.just("make"), NAMES, SHAPES),
        st.tuples(st.just("remove"), st.integers(1, 7)),
        st.tuples(st.just("undo")),
        st.tuples(st.just("save")),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_saved_is_shown(squares, tmp_path, validity, actions):
    path = tmp_path / "city.gpkg"
    shutil.copy(squares("gpkg"), path)
    store = open_store(path)
    copies = WorkingCopies(store.fetch)
    done: list[ChangeSet] = []
    known = set(range(1, 6))

    def commit(fid, new):
        old = copies.features("district", [fid]).get(fid)
        step = ChangeSet("Edit", changes_between("district", fid, old, new), time=NOW + timedelta(seconds=len(done)))
        if step:
            copies.apply(step)
            done.append(step)
        known.add(fid)

    def save():
        store.apply(copies.steps, author="wang", machine="desk", now=NOW)
        copies.mark_saved(["district"])

    for action, *rest in [*actions, ("save",)]:
        if action == "save":
            save()
        elif action == "make":
            commit(store.next_fid("district"), Feature(rest[1], {"name": rest[0], "height": None}))
        elif action == "undo":
            if done:
                copies.apply(~done.pop())
        else:
            old = copies.features("district", [rest[0]]).get(rest[0])
            if old is None:
                continue
            if action == "set":
                commit(rest[0], old.replaced(name=rest[1], height=rest[2]))
            elif action == "shape":
                commit(rest[0], Feature(rest[1], old.values))
            else:
                commit(rest[0], None)
    store.close()
    store = open_store(path)
    shown = copies.features("district", sorted(known))
    stored = store.fetch("district", sorted(known))
    assert {f: (x.wkb, dict(x.values)) for f, x in stored.items()} == {f: (x.wkb, dict(x.values)) for f, x in shown.items()}
    assert validity(path) == []
    assert store.verify().is_sound
    assert store.describe("district").feature_count == len(stored)
    store.close()
