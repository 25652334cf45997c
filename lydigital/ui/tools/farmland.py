"""The tool of the page of farmland: draw what is to be built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.texts import tr
from lydigital.ui.tools.path import PathTool

if TYPE_CHECKING:
    from lydigital.ui.societydesk import FarmlandDesk
    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.shapes import XY


class DrawArea(PathTool):
    """An area is checked against protected farmland."""

    snaps = False
    closes = True
    least = 3
    start_hint = "Click the first corner of the project"

    def __init__(self, hand: Hand, desk: FarmlandDesk) -> None:
        super().__init__(hand)
        self.desk = desk

    def done(self, places: list[XY]) -> bool:
        return self.desk.take_area(places)

    def reading(self) -> list[str]:
        return super().reading() or [tr(self.hint)]
