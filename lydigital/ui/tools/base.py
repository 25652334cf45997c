"""What every tool has: where the cursor is, what a gesture means, what is painted over the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

    from lydigital.domain.snapping import Snap
    from lydigital.ui.tools.entry import Typed
    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

SHIFT = Qt.KeyboardModifier.ShiftModifier


@dataclass(frozen=True)
class Place:
    """Where the cursor is: ``xy`` after snapping, ``raw`` before; map units. ``px`` is the place on the widget."""

    xy: XY
    raw: XY
    px: QPointF
    snap: Snap | None = None
    shift: bool = False
    ctrl: bool = False


class Tool:
    """One tool in the hand. Gestures come in map coordinates; what is done is a command.

    Attributes
    ----------
    snaps
        Whether the cursor snaps before it comes to the tool.
    hint
        What to do now, an English template; a tool may say something else at each step.
    """

    snaps: ClassVar[bool] = True
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.CrossCursor
    hint = ""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.here: Place | None = None

    # gestures

    def press(self, at: Place) -> None: ...

    def move(self, at: Place, *, dragging: bool) -> None: ...

    def release(self, at: Place) -> None: ...

    def double(self, at: Place) -> None: ...

    def key(self, key: int) -> bool:
        """Take a key of the tool's own; True when it was one."""
        return False

    def finish(self) -> None:
        """Enter, a double click or the right button."""

    def cancel(self) -> bool:
        """Esc: give up what was begun; False when nothing was, and the tool is left."""
        return False

    def take_back(self) -> bool:
        """Backspace: without the last vertex; False when there is none."""
        return False

    def leave(self) -> None:
        """Another tool comes into the hand."""

    def features_changed(self) -> None:
        """Features or the selection are other ones now."""

    # numbers

    @property
    def origin(self) -> XY | None:
        """What typed lengths and perpendiculars start from."""
        return None

    @property
    def takes_numbers(self) -> bool:
        return False

    @property
    def one_number(self) -> str:
        """What the number is where only one is typed (an English template), "" where it is a place."""
        return ""

    @property
    def has_steps(self) -> bool:
        """Whether numbers can be a step from somewhere: length and azimuth, or @."""
        return self.origin is not None

    def typed(self, numbers: Typed) -> None:
        """Numbers were typed and taken."""

    # painting

    @property
    def sketch(self) -> list[list[XY]]:
        """Lines being drawn, which the cursor may snap to."""
        return []

    @property
    def dragged(self) -> set[tuple[str, int]]:
        """Features in motion, which it may not."""
        return set()

    def paint(self, brush: Brush) -> None: ...

    def reading(self) -> list[str]:
        """Live values at the cursor."""
        return []
