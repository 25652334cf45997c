"""What stands around the map of a township's emergency card: head, helpers, shelters, ways out, channels, hazard points, villages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lydigital.domain.failing import channel_name
from lydigital.model.coverage import CHANNELS
from lydigital.model.report import UNKNOWN
from lydigital.publish import cardmap, furniture
from lydigital.publish.furniture import FAINT, GREY, INK, STAMP, Box
from lydigital.texts import language, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.coverage import Channel
    from lydigital.model.style import PointSymbolizer
    from lydigital.model.township_card import Helper, TownshipCard
    from lydigital.publish.arrange import PlacedMap
    from lydigital.publish.furniture import Paper
    from lydigital.publish.township_card import Ground
    from lydigital.publish.typeset import Weight
    from lydigital.render.drawlist import SceneLayer

BODY = Box(11.0, 0.0, 188.0, 297.0)
_BAND, _TOP, _FOOT = 25.0, 28.5, 283.0
_PANEL, _GAP = 71.0, 4.0
_HEAD, _ROW, _TWO = 5.6, 4.3, 6.7  # heights of a heading, of a row, of a row of two lines
_UNDER = 5.5  # below the map: its legend
_LEAST_MAP = 100.0
_FEW = 24  # villages that stand in four columns, more in five
_INKS = {"phone": "#b3261e", "mobile": "#8e3fae", "broadband": "#1f6fb2", "tv": "#a86200", "station": "#2d7a3f"}
_BRAND, _TINT = cardmap.BORDER, "#e8f0f1"


@dataclass(frozen=True)
class Plan:
    """Where everything stands, mm; ``tight`` makes the rows of the lower tables smaller.

    The first ``beside`` of the three blocks (shelters, ways out, channels) stand in the panel, the others in the strip.
    """

    map: Box
    panel: Box
    strip: Box
    hazards: Box
    villages: Box
    columns: int
    tight: float
    beside: int


def plan(card: TownshipCard) -> Plan:
    """Tables take what they need, the map gets the rest; blocks move beside a map that is tall enough."""
    columns = 4 if len(card.villages) <= _FEW else 5
    rows = -(-len(card.villages) // columns)
    panel = _HEAD * 3 + _TWO * (len(card.teams) + max(1, len(card.depots)) + max(1, len(card.hospitals))) + 4
    blocks = (_shelters_mm(card), _ways_mm(card), _channels_mm())
    for tight in (1.0, 0.95, 0.9, 0.86, 0.82, 0.76, 0.7):
        villages = (_HEAD + rows * _ROW * tight + 2.5) if rows else 0.0
        hazards = _HEAD + _ROW * tight * max(1, len(card.hazards) + 1) + 2.5
        room = _FOOT - _TOP - villages - hazards
        for beside in (3, 2, 1, 0):
            strip = max((height * tight + 2.5 for height in blocks[beside:]), default=0.0)
            height, need = room - strip, panel + sum(blocks[:beside]) + 1.5 * beside
            if height >= max(_LEAST_MAP, need):
                break
        if height >= max(_LEAST_MAP, need):
            break
    height = max(height, 60.0)
    y = _TOP
    map_ = Box(BODY.x, y, BODY.width - _PANEL - _GAP, height - _UNDER)
    side = Box(map_.right + _GAP, y, _PANEL, map_.height)
    band = Box(BODY.x, y + height, BODY.width, strip)
    points = Box(BODY.x, band.bottom, BODY.width, hazards)
    return Plan(map_, side, band, points, Box(BODY.x, points.bottom, BODY.width, villages), columns, tight, beside)


def _shelters_mm(card: TownshipCard) -> float:
    return _HEAD + _ROW * max(1, len(card.shelters)) + 1.5


def _ways_mm(card: TownshipCard) -> float:
    return _HEAD + _TWO * max(1, len(card.ways_out)) + 1.5


def _channels_mm() -> float:
    return _HEAD + _ROW * len(CHANNELS) + 1.5


def paint(paper: Paper, card: TownshipCard, plan: Plan, map_: PlacedMap, ground: Ground) -> None:
    """Draw all but the map."""
    _head(paper, card)
    _around_map(paper, plan.map, map_)
    y = _helpers(paper, card, plan.panel, ground)
    blocks: tuple[Callable[..., float], ...] = (_shelters, _ways_out, _channels)
    for draw in blocks[: plan.beside]:
        y = draw(paper, card, Box(plan.panel.x, y + 1.5, plan.panel.width, 0), 1.0)
    below = blocks[plan.beside :]
    wide = (plan.strip.width - _GAP * (len(below) - 1)) / max(len(below), 1)
    for k, draw in enumerate(below):
        draw(paper, card, Box(plan.strip.x + k * (wide + _GAP), plan.strip.y, wide, 0), plan.tight)
    _hazards(paper, card, plan)
    _villages(paper, card, plan)
    _foot(paper, card, ground)


def under(paper: Paper, *, box: Box, picture: PlacedMap, scene: Sequence[SceneLayer], dpi: float) -> None:
    """What all cards have under their own, as a picture."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage

    from lydigital.render import drawlist, raster

    view = picture.viewport
    factor = dpi / view.dpi
    width, height = round(view.width_px * factor), round(view.height_px * factor)
    fine = replace(view, units_per_px=view.units_per_px / factor, width_px=width, height_px=height, dpi=dpi)
    pixels = raster.draw(drawlist.build(scene, fine, None, is_page=True), bgra=True).pixels
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    paper.painter.drawImage(QRectF(box.x, box.y, box.width, box.height), image)


# --- head, map, foot --------------------------------------------------------------------------------------------------


def _head(paper: Paper, card: TownshipCard) -> None:
    paper.box(Box(0, 0, 210, _BAND), fill=_BRAND)
    title = card.name
    paper.text(BODY.x, 12.5, title, 21, weight="bold", color="#ffffff", most_mm=84)
    x = BODY.x + min(paper.width_mm(title, 21, "bold"), 84.0) + 4
    paper.text(x, 12.5, tr("Emergency card"), 12, weight="medium", color="#cfe3e6")
    line = "　".join(t for t in (card.county, card.code, "" if card.area_km2 is None else f"{card.area_km2:,.1f} km²") if t)
    paper.text(BODY.x, 19.5, line, 8.5, color="#cfe3e6")
    if card.is_sample:
        wide = paper.width_mm(tr("Sample data"), 7.5, "bold") + 5
        box = Box(BODY.x + paper.width_mm(line, 8.5) + 4, 15.9, wide, 4.9)
        paper.box(box, fill="#ffffff", color=STAMP, width_mm=0.3)
        paper.text(box.x + wide / 2, box.y + 3.5, tr("Sample data"), 7.5, weight="bold", color=STAMP, align="centre")
    threat = card.threatened
    facts = (
        (tr("People"), _number(card.people)), (tr("Villages and communities"), _number(len(card.villages))), (tr("Hazard points"), _number(len(card.hazards))),
        (tr("People threatened"), _number(threat)), (tr("Shelter places"), _number(card.places)),
    )  # fmt: skip
    x = BODY.right
    for label, value in reversed(facts):
        wide = max(paper.width_mm(value, 14, "bold"), paper.width_mm(label, 6.5)) + 1
        paper.text(x, 12.2, value, 14, weight="bold", color="#ffffff", align="right")
        paper.text(x, 17.6, label, 6.5, color="#cfe3e6", align="right")
        x -= wide + 4.0


def _around_map(paper: Paper, box: Box, map_: PlacedMap) -> None:
    paper.box(box, color=INK, width_mm=0.25)
    length = furniture.nice(map_.metres_per_mm * 26.0, (1, 2, 4, 8)) / map_.metres_per_mm
    bar = Box(box.x + 1.5, box.bottom - 9.0, length + 13.0, 7.5)
    paper.box(bar, fill="#ffffff", color=FAINT, width_mm=0.12)
    furniture.scale_bar(paper, bar.x + 3, bar.bottom - 1.2, map_.metres_per_mm, 26.0)
    furniture.north_arrow(paper, box.right - 5, box.y + 2, 10.0)
    _legend(paper, Box(box.x, box.bottom + 0.5, box.width, 2.4))


def _legend(paper: Paper, box: Box) -> None:
    """One line under the map: what numbers, letters and the broad line are."""
    x, y = box.x, box.bottom
    for symbol, text, words in (
        (cardmap.HAZARD_MARK, "1", tr("hazard point")), (cardmap.SHELTER_MARK, "A", tr("shelter")), (None, "", tr("way out")),
        (cardmap.VILLAGE_MARK, "", tr("village")),
    ):  # fmt: skip
        if symbol is None:
            paper.line(x, y - 0.8, x + 5, y - 0.8, color=cardmap.OUT, width_mm=0.9)
            wide = 5.0
        else:
            _mark(paper, x + 1.3, y - 0.8, symbol, 2.5 if text else 1.4)
            wide = 2.6
            if text:
                paper.text(x + 1.3, y - 0.2, text, 4.6, weight="bold", color="#ffffff", align="centre")
        paper.text(x + wide + 0.8, y, words, 6, color=GREY)
        x += wide + paper.width_mm(words, 6) + 4.5


def _mark(paper: Paper, x: float, y: float, symbol: PointSymbolizer, size: float) -> None:
    from lydigital.render.painter import vector

    paper.painter.save()
    paper.painter.translate(x, y)
    vector.draw_mark(paper.painter, symbol, size, furniture.MM_DPI, paper.fonts)
    paper.painter.restore()


def _foot(paper: Paper, card: TownshipCard, ground: Ground) -> None:
    y = 286.2
    paper.line(BODY.x, y - 2.6, BODY.right, y - 2.6, color=FAINT)
    start = tr("from the seat of the township") if card.has_seat else tr("from a place in the middle of the township: its seat is not known")
    notes = [tr("Times by the usual speeds of the roads, {start}; teams that are away are left out.", start=start)]
    if not card.is_personal:
        notes.append(tr("Stars: personal data, for those only whom the office names."))
    said = "；".join(ground.stamps[0]) if ground.stamps else ""
    for line in (
        " ".join(notes), tr("Data: {sources}", sources="、".join(ground.sources)),
        "　".join(t for t in (ground.producer, ground.date and tr("Made {date}", date=ground.date), said) if t),
    ):  # fmt: skip
        paper.text(BODY.x, y, line, 5.6, color=GREY, most_mm=BODY.width)
        y += 2.7


def _title(paper: Paper, box: Box, text: str, note: str = "") -> float:
    """A heading; where its rows begin."""
    paper.box(Box(box.x, box.y + 0.5, 1.1, 3.6), fill=_BRAND)
    paper.text(box.x + 2.3, box.y + 3.5, text, 8, weight="bold", color=_BRAND)
    if note:
        x = box.x + 2.3 + paper.width_mm(text, 8, "bold") + 2.5
        paper.text(box.right, box.y + 3.4, note, 6, color=GREY, align="right", most_mm=box.right - x)
    return box.y + _HEAD


# --- who helps --------------------------------------------------------------------------------------------------------


def _helpers(paper: Paper, card: TownshipCard, box: Box, ground: Ground) -> float:
    y = box.y - 0.6
    for title, some in ((tr("Teams"), card.teams), (tr("Medical help"), card.hospitals), (tr("Supply depots"), card.depots)):
        y = _title(paper, replace(box, y=y), title, tr("nearest by road"))
        if not some:
            paper.text(box.x + 2.3, y + 2.6, tr("None is known."), 7, color=GREY)
            y += _ROW
        for number, helper in enumerate(some):
            _helper(paper, Box(box.x, y, box.width, _TWO), helper, ground, is_tinted=number % 2 == 0)
            y += _TWO
        y += 1.2
    return y


def _helper(paper: Paper, box: Box, helper: Helper, ground: Ground, *, is_tinted: bool) -> None:
    resource = helper.resource
    if is_tinted:
        paper.box(box, fill=_TINT)
    _mark(paper, box.x + 3.0, box.y + box.height / 2, cardmap.mark(resource, ground.symbols), 3.9)
    time = _minutes(helper.seconds)
    wide = paper.width_mm(time, 8, "bold")
    paper.text(box.right - 1, box.y + 3.1, time, 8, weight="bold", align="right", color=INK if helper.seconds is not None else STAMP)
    paper.text(box.x + 6, box.y + 2.9, resource.name, 7.2, weight="medium", most_mm=box.width - wide - 9)
    strength = _strength(helper)
    left = "　".join(t for t in ("" if resource.kind == "depot" and strength else resource.service_name, strength) if t)
    call = " ".join(t for t in (resource.contact, resource.phone) if t)
    room = box.width - 7 - paper.width_mm(call, 6.2, "medium") - 2
    paper.text(box.x + 6, box.y + 5.7, left, 6, color=GREY, most_mm=max(room, 14.0))
    paper.text(box.right - 1, box.y + 5.7, call, 6.2, weight="medium", align="right", most_mm=box.width - 22)


def _strength(helper: Helper) -> str:
    r = helper.resource
    if r.kind == "team":
        return "　".join(t for t in ("" if r.capacity is None else tr("{count} people", count=r.capacity), r.duty_name) if t)
    if r.kind == "hospital":
        return "" if not r.capacity else tr("{count} beds", count=r.capacity)
    return " ".join(f"{s.title}{s.amount:,.0f}" for s in r.stock if s.amount)


def _shelters(paper: Paper, card: TownshipCard, box: Box, tight: float) -> float:
    row = _ROW * tight
    y = _title(paper, box, tr("Shelters"), tr("places · time"))
    if not card.shelters:
        paper.text(box.x + 2.3, y + 2.6, tr("None is known."), 7, color=GREY)
        return y + row
    for number, helper in enumerate(card.shelters):
        base = y + row * 0.72
        _mark(paper, box.x + 2.0, y + row / 2, cardmap.SHELTER_MARK, 3.3 * tight)
        paper.text(box.x + 2.0, y + row / 2 + 0.85, cardmap.LETTERS[number], 6.2 * tight, weight="bold", color="#ffffff", align="centre")
        weight: Weight = "medium" if helper.is_own else "regular"
        paper.text(box.x + 4.8, base, helper.resource.name, 6.8, weight=weight, color=INK if helper.is_own else GREY, most_mm=box.width - 29)
        paper.text(box.right - 13, base, _number(helper.resource.capacity), 6.8, weight=weight, align="right")
        paper.text(box.right - 0.5, base, _minutes(helper.seconds), 6.8, align="right", color=INK if helper.seconds is not None else STAMP, most_mm=12)
        y += row
    return y


def _ways_out(paper: Paper, card: TownshipCard, box: Box, tight: float) -> float:
    row = _TWO * tight
    y = _title(paper, box, tr("Ways out"))
    if not card.ways_out:
        paper.text(box.x + 2.3, y + 2.6, tr("No road leads out."), 7, color=STAMP)
        return y + row
    for way in card.ways_out:
        paper.text(box.x + 1, y + 2.8, tr("to {place}", place=way.name), 7, weight="medium", most_mm=box.width - 27)
        if way.seconds is None:
            paper.text(box.right - 0.5, y + 2.8, tr("no way"), 7, weight="bold", color=STAMP, align="right")
        else:
            time = f"{_minutes(way.seconds)} · {(way.metres or 0) / 1000:,.1f} km"
            paper.text(box.right - 0.5, y + 2.8, time, 7, align="right")
        under = way.reason if way.seconds is None else " → ".join(way.via)
        paper.text(box.x + 1, y + 5.4 * (tight if tight > 0.9 else 0.92), under or UNKNOWN, 6, color=GREY, most_mm=box.width - 1.5)
        y += row
    return y


def _channels(paper: Paper, card: TownshipCard, box: Box, tight: float) -> float:
    row = _ROW * tight
    note = "" if card.year is None else tr("villages without · year {year}", year=card.year)
    y = _title(paper, box, tr("Where warnings fail"), note)
    for channel in CHANNELS:
        base = y + row * 0.72
        lost = [v for v in card.villages if channel in v.missing]
        void = [v for v in card.villages if channel in v.unknown]
        paper.text(box.x + 1, base, _letter(channel), 6.8, weight="bold", color=_INKS[channel])
        paper.text(box.x + 5, base, channel_name(channel), 6.8, most_mm=24)
        if card.villages and len(void) == len(card.villages):
            words, color = tr("not known"), GREY
        elif not card.villages:
            words, color = UNKNOWN, GREY
        else:
            words = tr("{count} of {all}, {people} people", count=len(lost), all=len(card.villages), people=f"{sum(v.people or 0 for v in lost):,}") if lost else tr("all have it")
            color = INK if lost else GREY
        paper.text(box.right - 0.5, base, words, 6.8, align="right", color=color, most_mm=box.width - 24)
        y += row
    return y


# --- hazard points and villages ---------------------------------------------------------------------------------------


def _hazards(paper: Paper, card: TownshipCard, plan: Plan) -> None:
    box, row = plan.hazards, _ROW * plan.tight
    y = _title(paper, box, tr("Hazard points"), "" if not card.hazards else tr("most people first"))
    if not card.hazards:
        paper.text(box.x + 2.3, y + 2.7, tr("There is no hazard point in this township."), 7.2, color=GREY)
        return
    edges = (0.0, 6.0, 46.0, 63.0, 80.0, 97.0, 121.0, 148.0, 188.0)
    heads = ("", tr("Hazard point"), tr("Kind"), tr("Danger class"), tr("Threatened"), tr("Monitor"), tr("Phone"), tr("Refuge"))
    size = 6.9 * max(plan.tight, 0.9)

    def cells(values: Sequence[str], color: str, *, is_head: bool) -> None:
        for k, value in enumerate(values):
            left, right = box.x + edges[k] + 1, box.x + edges[k + 1]
            if k == 4:
                paper.text(right - 3, y + row * 0.72, value, size, align="right", color=color, weight="regular" if is_head else "medium")
            elif value:
                paper.text(left, y + row * 0.72, value, size, color=color, most_mm=right - left - 1)

    paper.box(Box(box.x, y, box.width, row), fill=_TINT)
    cells(heads, GREY, is_head=True)
    y += row
    for fact in card.hazards:
        _mark(paper, box.x + 3.0, y + row / 2, cardmap.HAZARD_MARK, 3.5 * plan.tight)
        paper.text(box.x + 3.0, y + row / 2 + 0.8, str(fact.number), 6 * plan.tight, weight="bold", color="#ffffff", align="centre")
        cells(("", fact.name, fact.kind, fact.grade, _number(fact.people), fact.monitor, fact.phone, fact.refuge), INK, is_head=False)
        y += row
        paper.line(box.x, y, box.right, y, color="#e3e6e8", width_mm=0.1)


def _villages(paper: Paper, card: TownshipCard, plan: Plan) -> None:
    if not card.villages:
        return
    box, row = plan.villages, _ROW * plan.tight
    legend = tr("people; letters: channels that fail there")
    top = _title(paper, box, tr("Villages and communities"), legend)
    rows = -(-len(card.villages) // plan.columns)
    wide = (box.width - 3.0 * (plan.columns - 1)) / plan.columns
    size = 6.8 if plan.columns == 4 else 6.5
    for k in range(0, rows, 2):
        paper.box(Box(box.x, top + k * row, box.width, row), fill="#f4f7f7")
    for number, village in enumerate(card.villages):
        x, y = box.x + number // rows * (wide + 3.0), top + number % rows * row
        base = y + row * 0.72
        marks = [(_letter(c), _INKS[c]) for c in village.missing]
        right = x + wide - 0.6 - sum(paper.width_mm(t, size - 0.6, "bold") + 0.3 for t, _ in marks)
        people = _number(village.people)
        count = paper.width_mm(people, size)
        at = min(right - 0.6, x + wide - 11.0) if len(marks) < 5 else right - 0.6
        paper.text(x + 0.8, base, cardmap.short(village.name, card), size, most_mm=at - count - x - 1.6)
        paper.text(at, base, people, size, align="right", color=GREY)
        for text, color in marks:
            paper.text(right, base, text, size - 0.6, weight="bold", color=color)
            right += paper.width_mm(text, size - 0.6, "bold") + 0.3


def _letter(channel: Channel) -> str:
    """One character for a channel."""
    zh: dict[Channel, str] = {"phone": "话", "mobile": "移", "broadband": "宽", "tv": "视", "station": "站"}
    return zh[channel] if language() == "zh" else channel[0].upper()


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return tr("no way")
    minutes = round(seconds / 60)
    return tr("{minutes} min", minutes=max(minutes, 1))
