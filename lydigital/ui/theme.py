"""Colours, sizes and the one style sheet of the window. Everything visible takes its values from the tokens here."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFont, QPalette

from lydigital.render.painter.fonts import family

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

GRID = 4  # spacing comes in steps of four pixels
RADIUS = 6
RADIUS_CARD = 10
ROW = 28  # height of a row, button or field
FONT_PX = 13
SMALL_PX = 12
TITLE_PX = 15


@dataclass(frozen=True)
class Theme:
    """Colours by role. ``paper`` lies below everything, ``surface`` carries cards and fields, ``ink`` is text."""

    name: str
    paper: str
    surface: str
    sunken: str
    hover: str
    line: str
    line_strong: str
    ink: str
    ink_soft: str
    ink_faint: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    peony: str
    warn: str
    warn_soft: str
    danger: str
    danger_soft: str
    good: str
    shadow: str

    def color(self, role: str) -> QColor:
        """The colour of a role as Qt wants it."""
        return QColor(getattr(self, role))


LIGHT = Theme(
    "light",
    paper="#faf8f4",
    surface="#ffffff",
    sunken="#f0ede6",
    hover="#f1eee8",
    line="#e5e0d6",
    line_strong="#cdc6b8",
    ink="#1f2a30",
    ink_soft="#515d66",
    ink_faint="#6b757d",
    accent="#0f766e",
    accent_hover="#0b5f58",
    accent_soft="#dcefeb",
    on_accent="#ffffff",
    peony="#c2334d",
    warn="#9a5b05",
    warn_soft="#fdf1dd",
    danger="#b42318",
    danger_soft="#fdeae7",
    good="#2f7d4f",
    shadow="#2a1f2a30",
)
DARK = Theme(
    "dark",
    paper="#151b24",
    surface="#1d2531",
    sunken="#10151c",
    hover="#263140",
    line="#2b3645",
    line_strong="#435163",
    ink="#e7ebf0",
    ink_soft="#b2bcc8",
    ink_faint="#8d9aa8",
    accent="#4bbdb1",
    accent_hover="#6dd0c5",
    accent_soft="#183c3e",
    on_accent="#062320",
    peony="#f0718a",
    warn="#e8b35c",
    warn_soft="#3a2d17",
    danger="#f58a7d",
    danger_soft="#43211f",
    good="#6cc48e",
    shadow="#80000000",
)
THEMES = {"light": LIGHT, "dark": DARK}

_current = LIGHT


def current() -> Theme:
    """The theme in force; painters ask at every paint, so a switch needs a repaint only."""
    return _current


def apply(app: QApplication, name: str) -> Theme:
    """Put palette, font and style sheet of theme ``name`` on the program."""
    global _current  # noqa: PLW0603 - one theme a process
    _current = THEMES.get(name, LIGHT)
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(_current))
    app.setStyleSheet(_style_sheet(_current))
    return _current


def font(size_px: int = FONT_PX, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    face = QFont(family())  # the face of the map's labels too
    face.setPixelSize(size_px)
    face.setWeight(weight)
    return face


def _palette(t: Theme) -> QPalette:
    p = QPalette()
    role = QPalette.ColorRole
    for where, value in (
        (role.Window, t.paper),
        (role.WindowText, t.ink),
        (role.Base, t.surface),
        (role.AlternateBase, t.paper),
        (role.Text, t.ink),
        (role.Button, t.surface),
        (role.ButtonText, t.ink),
        (role.BrightText, t.danger),
        (role.Highlight, t.accent),
        (role.HighlightedText, t.on_accent),
        (role.ToolTipBase, t.ink),
        (role.ToolTipText, t.paper),
        (role.PlaceholderText, t.ink_faint),
        (role.Link, t.accent),
        (role.LinkVisited, t.accent),
        (role.Mid, t.line),
        (role.Midlight, t.line),
        (role.Dark, t.line_strong),
        (role.Light, t.surface),
        (role.Shadow, t.line_strong),
        (role.Accent, t.accent),
    ):
        p.setColor(where, QColor(value))
    for where in (role.WindowText, role.Text, role.ButtonText):
        p.setColor(QPalette.ColorGroup.Disabled, where, QColor(t.ink_faint))
    return p


def _style_sheet(t: Theme) -> str:
    values = {k: v for k, v in vars(t).items() if k != "name"}
    tip_ink, tip_paper = (t.paper, t.ink) if t.name == "light" else (t.ink, t.hover)
    return Template(_QSS).substitute(
        values,
        radius=RADIUS,
        card=RADIUS_CARD,
        small=SMALL_PX,
        title=TITLE_PX,
        tip_ink=tip_ink,
        tip_paper=tip_paper,
    )


_QSS = """
* { outline: none; }
QToolTip { color: $tip_ink; background: $tip_paper; border: 1px solid $tip_paper; padding: 4px 8px; font-size: ${small}px; }
QMainWindow, #body { background: $paper; }
QLabel { background: transparent; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; color: $ink; }
QLabel[role="soft"] { color: $ink_soft; }
QLabel[role="faint"] { color: $ink_faint; font-size: ${small}px; }
QLabel[role="section"] { color: $ink_faint; font-size: ${small}px; font-weight: 600; }
QLabel[role="chip"] { color: $ink_soft; background: $sunken; border-radius: 4px; padding: 1px 6px; font-size: ${small}px; }
QLabel[role="chip-small"] { color: $ink_soft; background: $sunken; border-radius: 3px; padding: 0 4px; font-size: 11px; max-height: 16px; }
QLabel[role="chip-accent"] { color: $accent; background: $accent_soft; border-radius: 4px; padding: 1px 6px; font-size: ${small}px; }
QLabel[role="chip-warn"] { color: $warn; background: $warn_soft; border-radius: 4px; padding: 1px 6px; font-size: ${small}px; }
QLabel[role="key"] { color: $ink_faint; border: 1px solid $line_strong; border-radius: 4px; padding: 0 4px; font-size: 11px; }

#topbar { background: $paper; border-bottom: 1px solid $line; }
#statusbar { background: $paper; border-top: 1px solid $line; }
#side { background: $paper; border-right: 1px solid $line; }
#brand { font-size: ${title}px; font-weight: 600; color: $ink; }
#map-holder { background: $sunken; }

#segments { background: $sunken; border-radius: 8px; }
#segments QToolButton { border: none; border-radius: $radius; padding: 0 11px; color: $ink_soft; background: transparent; min-height: 24px; max-height: 24px; }
#segments QToolButton:hover { color: $ink; }
#segments QToolButton:checked { background: $surface; color: $accent; font-weight: 600; border: 1px solid $line; }
#segments QToolButton:focus { border: 1px solid $accent; }

QToolButton { border: 1px solid transparent; border-radius: $radius; padding: 3px; background: transparent; color: $ink_soft; }
QToolButton:hover { background: $hover; color: $ink; }
QToolButton:pressed, QToolButton:checked { background: $accent_soft; color: $accent; }
QToolButton:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton[flat="text"] { padding: 2px 8px; }
QToolButton:disabled { color: $ink_faint; background: transparent; }

QPushButton { border: 1px solid $line_strong; border-radius: $radius; padding: 4px 12px; background: $surface; color: $ink; min-height: 18px; }
QPushButton:hover { background: $hover; border-color: $ink_faint; }
QPushButton:pressed { background: $sunken; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $ink_faint; background: $paper; border-color: $line; }
QPushButton[primary="true"] { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton[primary="true"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[primary="true"]:focus { border-color: $ink; }
QPushButton[primary="true"]:disabled { background: $sunken; border-color: $line; color: $ink_faint; }
QPushButton::menu-indicator { image: none; width: 0; }
#field-button { border: 1px solid $line; text-align: left; padding: 3px 8px; min-height: 20px; }
#field-button:hover { border-color: $line_strong; background: $surface; }
#field-button:focus { border-color: $accent; }
QRadioButton { color: $ink; spacing: 6px; padding: 1px; }
QRadioButton::indicator { width: 12px; height: 12px; border: 1px solid $ink_faint; border-radius: 7px; background: $surface; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 4px solid $accent; }
QRadioButton::indicator:focus, QRadioButton::indicator:hover { border-color: $accent; }
QPushButton[primary="true"]:disabled { background: $sunken; border-color: $line; color: $ink_faint; }
QPushButton[link="true"] { border: 1px solid transparent; background: transparent; color: $accent; padding: 2px 6px; text-align: left; }
QPushButton[link="true"]:hover { background: $accent_soft; }
QPushButton[link="true"]:focus { border-color: $accent; }

#search { border: 1px solid $line; border-radius: 8px; background: $surface; }
#search:hover { border-color: $line_strong; }
#search:focus { border-color: $accent; }

QLineEdit, QComboBox, QSpinBox, QDateTimeEdit { border: 1px solid $line; border-radius: $radius; padding: 3px 8px; background: $surface; color: $ink; selection-background-color: $accent; selection-color: $on_accent; min-height: 20px; }
QPlainTextEdit { border: 1px solid $line; border-radius: $radius; padding: 4px; background: $surface; color: $ink; selection-background-color: $accent; selection-color: $on_accent; }
QPlainTextEdit:focus { border-color: $accent; }
QLineEdit:hover, QComboBox:hover, QDateTimeEdit:hover { border-color: $line_strong; }
QLineEdit:focus, QComboBox:focus, QDateTimeEdit:focus { border-color: $accent; }
QComboBox::drop-down, QDateTimeEdit::drop-down { border: none; width: 18px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $line_strong; selection-background-color: $accent_soft; selection-color: $ink; padding: 4px; }
#statusbar QToolButton { padding: 1px 8px; min-height: 20px; color: $ink_soft; border-radius: 4px; }
#statusbar QToolButton:hover { color: $ink; }
#statusbar QComboBox { border-color: transparent; background: transparent; padding: 0 4px; min-height: 20px; color: $ink_soft; }
#statusbar QComboBox QLineEdit { border: none; background: transparent; padding: 0; color: $ink_soft; }
#statusbar QComboBox:hover, #statusbar QComboBox:focus { border-color: $line_strong; background: $surface; }
#statusbar QLabel { color: $ink_faint; }

QProgressBar { border: none; border-radius: 2px; background: $line; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QTreeView, QListView, QListWidget { border: none; background: transparent; color: $ink; show-decoration-selected: 0; selection-background-color: transparent; selection-color: $ink; }
QTreeView::item, QTreeView::branch { background: transparent; border: none; }
QTreeView::branch { image: none; border-image: none; }
#board-table { border: none; background: transparent; color: $ink; selection-background-color: $accent_soft; selection-color: $ink; }
#board-table QHeaderView, #board-table QTableCornerButton::section { background: $surface; border: none; }
#board-table QHeaderView::section { background: $surface; color: $ink_faint; border: none; border-bottom: 1px solid $line; padding: 5px 5px; font-size: ${small}px; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollArea { border: none; background: transparent; }
#scroll-body { background: transparent; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $accent_soft; }

QScrollBar:vertical { width: 10px; background: transparent; margin: 0; }
QScrollBar:horizontal { height: 10px; background: transparent; margin: 0; }
QScrollBar::handle { background: $line_strong; border-radius: 3px; margin: 2px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $ink_faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $line; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: $surface; border: 1px solid $line_strong; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { border: 1px solid $accent; }

QMenu { background: $surface; border: 1px solid $line_strong; border-radius: $radius; padding: 4px; color: $ink; }
QMenu::item { padding: 5px 28px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; color: $ink; }
QMenu::item:disabled { color: $ink_faint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }
QMenu::icon { padding-left: 8px; }

#tool { padding: 3px 0 1px 0; font-size: 11px; }
#kind { border: 1px solid $line; border-radius: 12px; padding: 0 4px; font-size: ${small}px; color: $ink_faint; }
#kind:checked { border-color: $accent; background: $accent_soft; color: $accent; }
#kind:disabled { border-color: $line; background: transparent; color: $ink_faint; }
QLineEdit[field="true"] { border-color: transparent; background: transparent; padding: 2px 6px; }
QLineEdit[missing="true"] { border: 1px dashed $warn; background: $warn_soft; }
QLineEdit[field="true"]:hover { border-color: $line_strong; background: $surface; }
QLineEdit[field="true"]:focus { border-color: $accent; background: $surface; }
QLabel[role="bad"] { color: $danger; font-size: ${small}px; }
QLabel[role="warn"] { color: $warn; font-size: ${small}px; }
QLineEdit[bad="true"] { border-color: $danger; background: $danger_soft; }

#tab { border: none; border-radius: 0; border-bottom: 2px solid transparent; padding: 2px 2px; font-weight: 600; color: $ink_faint; background: transparent; }
#tab:hover { color: $ink; background: transparent; }
#tab:checked { color: $ink; border-bottom: 2px solid $accent; background: transparent; }
#tab:focus { color: $accent; }

#tile { background: $paper; border: 1px solid $line; border-radius: 8px; }
#format { border: 1px solid $line; border-radius: 8px; padding: 3px 0 1px 0; font-size: 11px; color: $ink; background: $paper; }
#format:hover { border-color: $line_strong; background: $hover; }
#format:focus { border-color: $accent; }
#format:disabled { color: $ink_faint; background: transparent; }
#tile-link { padding: 1px 3px; font-size: ${small}px; color: $accent; }
#tile-link:hover { background: $accent_soft; }
#tile-link:focus { border-color: $accent; }
#tile-link:disabled { color: $ink_faint; background: transparent; }
#tile:hover { border-color: $line_strong; }
#card { background: $surface; border: 1px solid $line; border-radius: ${card}px; }
#notice { border-radius: $radius; background: $surface; border: 1px solid $line; }
#notice[level="warning"] { background: $warn_soft; border-color: $warn_soft; }
#notice[level="error"] { background: $danger_soft; border-color: $danger_soft; }
#bar { background: $warn_soft; border-bottom: 1px solid $line; }
#bar QLabel { color: $ink; }
#rule { background: $line; border: none; max-height: 1px; min-height: 1px; }
#map-control { background: $surface; border: 1px solid $line; border-radius: 8px; }
#map-control QToolButton { border-radius: 7px; padding: 4px; }
#palette { background: $surface; border: 1px solid $line_strong; border-radius: 12px; }
#palette QLineEdit { border: none; font-size: ${title}px; padding: 6px 4px; background: transparent; }
#hit { text-align: left; border: 1px solid transparent; border-radius: $radius; padding: 4px 8px; color: $ink; }
#hit:hover { background: $hover; }
#hit:checked { background: $accent_soft; color: $ink; }
#hit:focus { border-color: $accent; }
"""
