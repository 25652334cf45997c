"""All tools by name: what they are called, what they need of the layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lydigital.texts import tr
from lydigital.ui.tools import changing, drawing, moving, selecting, vertices

if TYPE_CHECKING:
    from lydigital.ui.tools.base import Tool

KINDS = {"point": "points", "line": "lines", "polygon": "areas"}


@dataclass(frozen=True)
class ToolDef:
    """One tool; texts are English templates. ``needs``: kinds of geometry of the layer it works in."""

    id: str
    title: str
    icon: str
    make: type[Tool]
    needs: tuple[str, ...] = ("point", "line", "polygon")
    key: str = ""
    words: tuple[str, ...] = ()
    writes: bool = True

    def reason(self, geometry: str, refused: str) -> str | None:
        """Why it cannot be taken for a layer of ``geometry``; ``refused``: why the layer cannot be written, if so."""
        if not self.writes:
            return None
        if refused:
            return refused
        if geometry in self.needs:
            return None
        wanted = " / ".join(tr(KINDS[kind]) for kind in self.needs)
        return tr("Needs a layer of {wanted}; this one has {given}", wanted=wanted, given=tr(KINDS.get(geometry, geometry)))


_SHAPED = ("line", "polygon")
TOOLS = (  # five in a row on the page
    ToolDef("select", "Select", "cursor-default-outline", selecting.Select, key="V", words=("选择",), writes=False),
    ToolDef("lasso", "Lasso", "lasso", selecting.Lasso, words=("套索",), writes=False),
    ToolDef("vertices", "Vertices", "vector-square-edit", vertices.EditVertices, key="N", words=("节点", "vertex", "node")),
    ToolDef("move", "Move", "cursor-move", moving.Move, key="M", words=("移动",)),
    ToolDef("rotate", "Rotate", "rotate-left", moving.Rotate, ("line", "polygon", "point"), words=("旋转",)),
    ToolDef("point", "Point", "map-marker-plus-outline", drawing.DrawPoint, ("point",), words=("点",)),
    ToolDef("line", "Line", "vector-polyline", drawing.DrawLine, ("line",), words=("线",)),
    ToolDef("polygon", "Polygon", "vector-polygon", drawing.DrawPolygon, ("polygon",), words=("面", "polygon")),
    ToolDef("freehand", "Freehand", "draw", drawing.Freehand, _SHAPED, words=("手绘",)),
    ToolDef("trace", "Trace", "vector-curve", drawing.Trace, _SHAPED, words=("描绘", "跟踪")),
    ToolDef("circle", "Circle", "vector-circle", drawing.Circle, _SHAPED, words=("圆",)),
    ToolDef("rectangle", "Rectangle", "vector-rectangle", drawing.Rectangle, _SHAPED, words=("矩形",)),
    ToolDef("regular", "Regular", "hexagon-outline", drawing.Regular, _SHAPED, words=("正多边形", "hexagon")),
    ToolDef("parallel", "Parallel", "format-line-spacing", changing.Parallel, ("line",), words=("平行线",)),
    ToolDef("guide", "Guide", "ruler", drawing.Guide, words=("辅助线", "construction"), writes=False),
    ToolDef("scale", "Resize", "resize", moving.Scale, _SHAPED, words=("缩放",)),
    ToolDef("split", "Split", "content-cut", changing.Split, _SHAPED, words=("分割",)),
    ToolDef("reshape", "Reshape", "vector-polyline-edit", changing.Reshape, _SHAPED, words=("重塑",)),
    ToolDef("hole", "Hole", "vector-difference-ba", changing.Hole, ("polygon",), words=("挖洞",)),
    ToolDef("continue", "Continue", "vector-polyline-plus", changing.ContinueLine, ("line",), words=("续线",)),
)  # fmt: skip
BY_ID = {tool.id: tool for tool in TOOLS}
