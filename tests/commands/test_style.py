"""Thematic maps through commands: what they refuse, what stays, what becomes one step."""

import pytest

from lydigital.commands.registry import execute
from lydigital.domain.thematic import theme_of
from lydigital.errors import LydError, UsageError
from lydigital.model.style import AREA, DotSymbolizer


def test_classes_keep_labels_and_lift_the_scale_range(small_session):
    execute(small_session, "style.labels", layer="spot", field="name", size_pt=11)
    execute(small_session, "style.categorize", layer="spot", field="name")
    style = small_session.style("spot")
    assert style.labels.size_pt == 11
    assert style.shows_at(1e9)
    assert [r.value for r in style.rules] == ["f", "g", "h"]
    execute(small_session, "style.reset", layer="spot")
    assert not small_session.style("spot").shows_at(1e9)


def test_more_values_than_colours_leave_a_rest(small_session):
    execute(small_session, "style.categorize", layer="field", field="name", limit=2)
    rules = small_session.style("field").rules
    assert [r.value for r in rules] == ["a", "b", None]
    assert rules[-1].title_en == "Other"


def test_limits_by_hand_keep_the_colours_and_are_one_step(small_session):
    execute(small_session, "style.graduate", layer="field", field=AREA, classes=3, ramp="dusk")
    before = small_session.style("field")
    for limit in (0.1, 0.11, 0.12):
        execute(small_session, "style.breaks", layer="field", breaks=(limit, 0.2))
    after = small_session.style("field")
    assert [r.symbolizers for r in after.rules] == [r.symbolizers for r in before.rules]
    assert [(r.minimum, r.maximum) for r in after.rules] == [(None, 0.12), (0.12, 0.2), (0.2, None)]
    assert after.scheme.method == "manual"
    execute(small_session, "edit.undo")
    assert small_session.style("field") == before
    execute(small_session, "style.breaks", layer="field", breaks=(0.1,))
    assert len(small_session.style("field").rules) == 2


@pytest.mark.parametrize(("command", "given"), [
    ("style.dots", {"layer": "spot", "fields": ["name"]}),
    ("style.dots", {"layer": "field", "fields": [AREA], "value": 1e-9}),
    ("style.heat", {"layer": "field"}),
    ("style.cluster", {"layer": "way"}),
    ("style.breaks", {"layer": "field", "breaks": [1.0]}),
    ("style.graduate", {"layer": "field", "field": "name"}),
    ("style.graduate", {"layer": "field", "field": "nothing"}),
    ("style.categorize", {"layer": "field", "field": "nothing"}),
    ("style.chart", {"layer": "field", "fields": []}),
    ("style.graduate", {"layer": "field", "field": AREA, "classes": 13}),
])
def test_what_cannot_be_is_refused_with_a_hint(small_session, command, given):
    before = small_session.document
    with pytest.raises(LydError) as caught:
        execute(small_session, command, **given)
    assert caught.value.hint_text()
    assert small_session.document is before


def test_dots_have_a_round_value_and_a_limit(small_session):
    execute(small_session, "style.dots", layer="field", fields=[AREA])
    assert theme_of(small_session.style("field")) == "dots"
    (dots,) = (s for r in small_session.style("field").rules for s in r.symbolizers if isinstance(s, DotSymbolizer))
    assert dots.value == pytest.approx(5e-5)
    with pytest.raises(UsageError):
        execute(small_session, "style.adjust", layer="field", value=1e-9)
