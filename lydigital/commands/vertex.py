"""Single vertices moved, added, deleted; ways along existing edges."""

from __future__ import annotations

from lydigital.commands.registry import Command, Parameters, later
from lydigital.commands.subjects import no_layers

Pick = tuple[int, int, int]
Place = tuple[float, float]


class MoveVertices(Parameters, frozen=True, kw_only=True):
    """Shift ``vertices`` (part, ring, index; counted from 0) of feature ``fid`` by map units.

    ``topological``: what shares a vertex with them in the same layer, and in ``layers``, moves along in the same step.
    ``fix``: loops that come to be become parts instead of being refused.
    """

    layer: str
    fid: int
    vertices: tuple[Pick, ...]
    dx: float
    dy: float
    topological: bool = False
    layers: tuple[str, ...] = ()
    fix: bool = False


class AddVertex(Parameters, frozen=True, kw_only=True):
    """A vertex at ``x, y`` before the one that has ``index`` now; ``topological``: in neighbours' edges there too."""

    layer: str
    fid: int
    part: int
    ring: int
    index: int
    x: float
    y: float
    topological: bool = False


class DeleteVertices(Parameters, frozen=True, kw_only=True):
    """Remove ``vertices``; ``topological``: where neighbours share them too."""

    layer: str
    fid: int
    vertices: tuple[Pick, ...]
    topological: bool = False
    fix: bool = False


class Trace(Parameters, frozen=True, kw_only=True):
    """The way from ``start`` to ``end`` along edges of ``layers``, of all visible ones without."""

    start: Place
    end: Place
    layers: tuple[str, ...] = ()


COMMANDS = (
    Command("vertex.move", "Move vertices", later("vertex", "move"), MoveVertices, disabled=no_layers, icon="vector-point-edit"),
    Command("vertex.add", "Add vertex", later("vertex", "add"), AddVertex, disabled=no_layers, icon="vector-point-plus"),
    Command("vertex.delete", "Delete vertices", later("vertex", "delete"), DeleteVertices, disabled=no_layers, icon="vector-point-minus"),
    Command("vertex.trace", "Trace along edges", later("vertex", "trace"), Trace, disabled=no_layers, icon="vector-polyline"),
)  # fmt: skip
