"""What fields of items are called, their units and choices, and controls for numbers and names in rows."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from lydigital.texts import tr
from lydigital.ui.designer import fields

LABELS = {
    "x": "Left", "y": "Top", "width": "Width", "height": "Height", "rotation": "Item turned by", "name": "Item name",
    "fill": "Ground", "outline": "Outline", "line_color": "Line colour", "line_width": "Line width", "dash": "Dashes",
    "layers": "Layers", "centre": "Centre", "scale": "Scale", "bounds": "Bounds", "follows": "Shows", "margin": "Margin",
    "round_scale": "Round scale", "turn": "Map turned by", "labels": "Names on the map", "neat": "Neat line", "shows": "Overview of",
    "enlarge": "Symbols enlarged", "clip": "Only the feature of the page is full", "text": "Words", "size": "Type size", "weight": "Type weight", "color": "Type colour",
    "align": "Set flush", "vertical": "Upright", "leading": "Line spacing", "padding": "Padding", "shrink": "Smaller type where it does not fit",
    "least": "Least size", "map": "Of the map", "title": "Heading", "columns": "Columns", "counts": "Number of features",
    "hidden": "Leave out", "names": "Other names", "ratio": "With the ratio", "layer": "Layer", "fields": "Fields", "where": "Only where",
    "sort": "Order by", "within": "Within the map", "of_feature": "Of the page by", "feature_key": "Key of the page", "rows": "Most rows",
    "category": "Grouped by", "value": "Value", "kind": "Form", "path": "File", "fit": "Fitted", "form": "Form", "radius": "Round corners",
    "interval": "Interval", "numbers": "Numbers", "corners": "Corner coordinates",
}  # fmt: skip
UNITS = {
    "rotation": ("°", 5.0), "turn": ("°", 5.0), "size": ("pt", 0.5), "least": ("pt", 0.5), "padding": ("mm", 0.5), "neat": ("mm", 0.5),
    "radius": ("mm", 0.5), "leading": ("", 0.05), "margin": ("", 0.05), "scale": ("", 1000.0),
}  # fmt: skip
CHOICES = {
    "follows": {"feature": "Feature of the page", "view": "View of the window", "home": "The whole map"},
    "weight": {"regular": "Regular type", "medium": "Medium", "bold": "Bold"},
    "align": {"left": "Flush left", "centre": "Centred", "right": "Flush right"},
    "vertical": {"top": "At the top", "middle": "In the middle", "bottom": "At the bottom"},
    "ChartItem.kind": {"bar": "Columns upright", "hbar": "Bars lying", "line": "Curve"},
    "fit": {"contain": "All of it", "cover": "Fill the frame", "stretch": "Stretched"},
    "form": {"rectangle": "Plain rectangle", "ellipse": "Ellipse", "line": "Falling line", "rising": "Rising line", "arrow": "Arrow"},
    "grid_kind": {"graticule": "Longitude and latitude", "kilometre": "Kilometre grid"},
    "grid_form": {"lines": "Full lines", "crosses": "Crosses", "ticks": "Ticks at the frame"},
}  # fmt: skip
HINTS = {"where": "As in the attribute filter", "name": "For the list"}
DASHES = {"": "Full line", "1.2 0.8": "Dashed", "0.3 0.8": "Dotted", "2.4 0.8 0.3 0.8": "Dash and dot"}  # lengths in mm
PAPERS: tuple[tuple[str, tuple[float, float]], ...] = (
    ("A4 upright", (210.0, 297.0)), ("A4 across", (297.0, 210.0)), ("A3 upright", (297.0, 420.0)), ("A3 across", (420.0, 297.0)),
    ("A2 across", (594.0, 420.0)), ("A1 across", (841.0, 594.0)), ("A0 across", (1189.0, 841.0)), ("A0 upright", (841.0, 1189.0)),
    ("Slide 16:9", (338.7, 190.5)), ("Half page for Word", (160.0, 110.0)),
)  # fmt: skip
PAIRS = {"centre": 2, "bounds": 4}


def row_of(numbers: tuple[float, ...]) -> str:
    """Numbers in one text; choices of a list are texts."""
    return " ".join(f"{number:g}" for number in numbers)


def numbers_of(words: str) -> tuple[float, ...]:
    return tuple(float(word) for word in words.split())


class Numbers(QLineEdit):
    """Some numbers, or none; ``changed`` tells a tuple or None."""

    changed = Signal(object)

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self._value: tuple[float, ...] | None = None
        self.setPlaceholderText(tr("As it fits"))
        self.editingFinished.connect(self._typed)

    def show_value(self, value: tuple[float, ...] | None) -> None:
        self._value = value
        if not self.hasFocus():
            self.setText("" if value is None else ", ".join(f"{v:.10g}" for v in value))
            self.setCursorPosition(0)

    def _typed(self) -> None:
        words = self.text().replace("，", ",").replace(";", ",").split(",") if self.text().strip() else []
        try:
            value = tuple(float(word) for word in words) or None
        except ValueError:
            value = self._value
        if value is not None and len(value) != self._count:
            value = self._value
        if value != self._value:
            self._value = value
            self.changed.emit(value)
        self.setText("" if value is None else ", ".join(f"{v:.10g}" for v in value))


class Pairs(QPlainTextEdit):
    """Names by id: a line ``id = name`` each."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(56)
        self.setTabChangesFocus(True)
        self.setPlaceholderText(tr("layer = name"))
        self._value: dict[str, str] = {}
        self._later = QTimer(self, interval=2 * fields.LIVE_MS, singleShot=True)
        self._later.timeout.connect(self._tell)
        self.textChanged.connect(self._later.start)

    def show_value(self, value: dict[str, str]) -> None:
        self._value = value
        if not self.hasFocus():
            self.blockSignals(True)
            self.setPlainText("\n".join(f"{key} = {name}" for key, name in value.items()))
            self.blockSignals(False)

    def _tell(self) -> None:
        lines = [line.partition("=") for line in self.toPlainText().replace("＝", "=").splitlines() if "=" in line]
        value = {key.strip(): name.strip() for key, _, name in lines if key.strip()}
        if value != self._value:
            self._value = value
            self.changed.emit(value)
