"""What operations can be asked for: known to the parameters of commands without loading the operations."""

from __future__ import annotations

from typing import Literal

MOST_CORNERS = 3_600
Edge = Literal["left", "right", "top", "bottom", "centre_x", "centre_y"]
