"""The page 数字洛阳框架: a board with one card a system of the plan, by the plan's chapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QToolButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.board import Board
from lydigital.ui.panels.ranking import target_bar
from lydigital.ui.widgets import Badge, Elided, clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from lydigital.model.indicator import IndicatorResult
    from lydigital.model.system import LayerState, Section, SystemCard

TILE_PX = 236  # least width of a card
GAP_PX = 10


@dataclass(frozen=True)
class Headline:
    """What a card says of its indicator: ``share`` is value / aim, None without an aim or a value."""

    name: str
    number: str
    unit: str
    aim: str = ""
    share: float | None = None
    meets: bool | None = None


def headline_of(result: IndicatorResult) -> Headline:
    """The city's value of an indicator against its target, or against the figure of the plan."""
    one, value = result.indicator, result.city.value
    number = "–" if value is None else f"{value:,.{one.digits}f}"
    if one.target is not None:
        share = value / one.target if value is not None and one.target > 0 else None
        meets = None if value is None else one.meets(value)
        return Headline(one.name, number, one.unit_name, tr("Target {value}", value=one.shown(one.target)), share, meets)
    if one.plan is not None:
        share = result.plan_share
        meets = None if share is None else share >= 1 - 1e-9
        return Headline(one.name, number, one.unit_name, tr("Plan {figure}", figure=one.plan.text), share, meets)
    return Headline(one.name, number, one.unit_name)


class SystemBoard(Board):
    """``theme_asked``, ``indicator_asked`` and ``functions_asked`` tell the id of a system, of an indicator, and a system with its button."""

    theme_asked = Signal(str)
    functions_asked = Signal(object, object)
    indicator_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__("view-dashboard-outline", "Digital Luoyang: the systems of the plan", "Search systems")
        self._sections: Sequence[Section] = ()
        self._cards: Sequence[SystemCard] = ()
        self._mapped: Collection[str] = ()
        self._tiles: dict[str, SystemTile] = {}
        self._heads: dict[str, QWidget] = {}
        self._columns = 0
        self._waiting = label(role="soft")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box = column(self.body)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        inner.setObjectName("scroll-body")
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(16, 10, 12, 14)
        self._grid.setHorizontalSpacing(GAP_PX)
        self._grid.setVerticalSpacing(GAP_PX)
        self._area.setWidget(inner)
        box.addWidget(self._waiting, 1)
        box.addWidget(self._area, 1)
        self._area.hide()
        self._later = QTimer(self, interval=0, singleShot=True)
        self._later.timeout.connect(self._lay)
        self.searched.connect(lambda _words: self._lay())
        self.retranslate()

    @property
    def tiles(self) -> dict[str, SystemTile]:
        """Cards by the id of their system."""
        return self._tiles

    def wait(self, text: str) -> None:
        """Say why there is nothing yet."""
        self._waiting.setText(text)
        self._waiting.setVisible(not self._cards)
        self._area.setVisible(bool(self._cards))

    def show_cards(self, sections: Sequence[Section], cards: Sequence[SystemCard], mapped: Collection[str]) -> None:
        """One card a system, in the order of the chapters; ``mapped`` are ids of those that have layers to be seen."""
        self._sections, self._cards, self._mapped = sections, cards, mapped
        clear(self._grid)
        self._heads = {s.id: _Heading(s.name) for s in sections}
        self._tiles = {}
        for card in cards:
            tile = self._tiles[card.system.id] = SystemTile(card, is_mapped=card.system.id in mapped)
            tile.theme.clicked.connect(lambda _=False, s=card.system.id: self.theme_asked.emit(s))
            tile.functions.clicked.connect(lambda _=False, s=card.system, b=tile.functions: self.functions_asked.emit(s, b))
            tile.indicator.clicked.connect(lambda _=False, i=card.system.headline: self.indicator_asked.emit(i))
        self._columns = 0
        self.wait("")
        self._lay()
        self.say(summary_of(cards))

    def retranslate(self) -> None:
        super().retranslate()
        if self._cards:
            self.show_cards(self._sections, self._cards, self._mapped)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._later.start()

    def _lay(self) -> None:
        """Put the cards that are looked for into as many columns as there is room for."""
        words = self.search.text().casefold().split()
        columns = max(1, (self.width() - 44 + GAP_PX) // (TILE_PX + GAP_PX))
        for widget in (*self._heads.values(), *self._tiles.values()):
            self._grid.removeWidget(widget)
            widget.hide()
        line = 0
        for section in self._sections:
            found = [c for c in self._cards if c.system.group == section.id and _is_wanted(c, section, words)]
            if not found:
                continue
            head = self._heads[section.id]
            self._grid.addWidget(head, line, 0, 1, columns)
            head.show()
            for i, card in enumerate(found):
                tile = self._tiles[card.system.id]
                self._grid.addWidget(tile, line + 1 + i // columns, i % columns)
                tile.show()
            line += 1 + -(-len(found) // columns)
        for k in range(max(self._columns, columns)):
            self._grid.setColumnStretch(k, 1 if k < columns else 0)
        for k in range(self._grid.rowCount()):
            self._grid.setRowStretch(k, 0)
        self._grid.setRowStretch(line, 1)
        self._columns = columns
        if self._cards:
            self._waiting.setText(tr("No system is called so"))
            self._waiting.setVisible(line == 0)
            self._area.setVisible(line > 0)


def summary_of(cards: Sequence[SystemCard]) -> str:
    """All systems in one line."""
    whole = sum(card.present == len(card.layers) for card in cards)
    said = [tr("{count} systems, {whole} with all their layers", count=len(cards), whole=whole)]
    aims = [h for card in cards if card.headline is not None and (h := headline_of(card.headline)).meets is not None]
    if aims:
        said.append(tr("{met} of {count} targets reached", met=sum(bool(h.meets) for h in aims), count=len(aims)))
    unknown = sum(card.headline is None or card.headline.city.value is None for card in cards)
    if unknown:
        said.append(tr("{count} without a figure", count=unknown))
    if any(card.is_sample for card in cards):
        said.append(tr("Sample data"))
    return " · ".join(said)


def _is_wanted(card: SystemCard, section: Section, words: Sequence[str]) -> bool:
    system = card.system
    names = [system.id, system.title, system.title_en, section.title, section.title_en, *(s.title for s in card.layers), *(s.id for s in card.layers)]
    if card.headline is not None:
        names += [card.headline.indicator.title, card.headline.indicator.title_en]
    text = "\n".join(names).casefold()
    return all(word in text for word in words)


class _Heading(QWidget):
    def __init__(self, text: str) -> None:
        super().__init__()
        line = row(self, spacing=8)
        line.setContentsMargins(0, 6, 0, 0)
        line.addWidget(label(text, "section"))
        line.addStretch(1)


class SystemTile(QFrame):
    """The card of one system."""

    def __init__(self, card: SystemCard, *, is_mapped: bool) -> None:
        super().__init__()
        self.card = card
        self.setObjectName("tile")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(min(TILE_PX, 160))
        system = card.system
        self.setAccessibleName(system.name)
        box = column(self, spacing=4)
        box.setContentsMargins(12, 9, 10, 5)
        top = row(spacing=8)
        top.addWidget(Badge(system.icon or "shape-outline", 26))
        name = Elided(system.name)
        name.setFont(theme.font(theme.FONT_PX, theme.font().weight().DemiBold))
        top.addWidget(name, 1)
        if card.is_sample:
            chip = label(tr("Sample"), "chip-small")
            chip.setToolTip(tr("Sample data: no real figures"))
            top.addWidget(chip)
        box.addLayout(top)
        there = QWidget()
        there.setToolTip("\n".join(map(_told, card.layers)))
        state = row(there, spacing=8)
        state.addWidget(_Squares(card.layers))
        said = [f"{card.present}/{len(card.layers)}"]
        if card.completeness is not None:
            said.append(tr("{share} filled", share=f"{100 * card.completeness:.0f} %"))
        if card.currency:
            said.append(card.currency)
        state.addWidget(Elided(" · ".join(said), "faint"), 1)
        box.addWidget(there)
        head = headline_of(card.headline) if card.headline is not None else None
        box.addSpacing(1)
        title = row(spacing=6)
        title.addWidget(Elided(head.name if head else tr("No figure"), "faint"), 1)
        if card.headline is not None and card.headline.gaps:
            gaps = label(tr("{count} gaps", count=f"{len(card.headline.gaps):,}"), "warn")
            gaps.setToolTip(tr("Listed by name with the indicator"))
            title.addWidget(gaps)
        box.addLayout(title)
        figure = row(spacing=6)
        value = label(head.number if head else "–")
        value.setFont(theme.font(17, theme.font().weight().DemiBold))
        figure.addWidget(value)
        unit = Elided(head.unit if head else "", "faint")
        unit.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        figure.addWidget(unit, 1)
        if head and head.aim:
            aim = label(head.aim, "faint")
            aim.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
            figure.addWidget(aim)
        elif head is None:
            value.setToolTip("\n".join(tr(i.message, **i.values) for i in card.issues))
        box.addLayout(figure)
        box.addWidget(_Bar(head))
        foot = row(spacing=2)
        self.theme = _link("map-outline", tr("Theme"), tr("Show the layers of this system on the map"))
        self.theme.setEnabled(is_mapped)
        if not is_mapped:
            self.theme.setToolTip(tr("Its data are tables without places") if card.present else tr("The map has none of its layers"))
        self.indicator = _link("chart-bar", tr("Indicator"), head.name if head else tr("No figure"))
        self.indicator.setEnabled(bool(system.headline))
        self.functions = _link("dots-horizontal", "", tr("What can be done here"))
        self.functions.setAccessibleName(tr("What can be done here"))
        self.functions.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.functions.setEnabled(bool(system.functions))
        foot.addWidget(self.theme)
        foot.addWidget(self.indicator)
        foot.addWidget(self.functions)
        foot.addStretch(1)
        box.addLayout(foot)


def _link(icon: str, text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icons.icon(icon, "accent"))
    button.setIconSize(QSize(15, 15))
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    button.setObjectName("tile-link")
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _told(state: LayerState) -> str:
    """A layer in one line of a tooltip."""
    if not state.is_present:
        return f"✗ {state.title}: {tr(state.problem) if state.problem else tr('missing')}"
    said = [state.title]
    if state.count is not None:
        said.append(tr("{count} features", count=f"{state.count:,}"))
    if state.completeness is not None:
        said.append(f"{100 * state.completeness:.0f} %")
    said += [text for text in (state.currency, state.source) if text]
    return "✓ " + " · ".join(said)


class _Squares(QWidget):
    """One square a layer: full when it is there, empty with a stroke through it when not."""

    def __init__(self, layers: Sequence[LayerState]) -> None:
        super().__init__()
        self._there = [state.is_present for state in layers]
        self.setFixedSize(9 * min(len(layers), 10), 10)
        self.setAccessibleName(tr("Layers {count}/{all}", count=sum(self._there), all=len(self._there)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = theme.current()
        for i, there in enumerate(sorted(self._there, reverse=True)[:10]):
            box = QRectF(9 * i + 0.5, 1.5, 6, 6)
            painter.setPen(QPen(t.color("accent" if there else "warn"), 1))
            painter.setBrush(t.color("accent") if there else Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
            if not there:
                painter.drawLine(box.bottomLeft(), box.topRight())


class _Bar(QWidget):
    """The value against its aim; nothing but a quiet line where there is none."""

    def __init__(self, head: Headline | None) -> None:
        super().__init__()
        self._head = head
        self.setFixedHeight(14)

    def paintEvent(self, event: QPaintEvent) -> None:
        head = self._head
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0, 4, self.width() - 2, 6)
        if head is not None and head.share is not None:
            target_bar(painter, track, head.share, meets=head.meets)
        else:
            painter.setPen(QPen(theme.current().color("line"), 1))
            painter.drawLine(QLineF(track.left(), track.center().y(), track.right(), track.center().y()))
