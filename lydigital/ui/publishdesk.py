"""The desk of the workspace 出图: the paper frame on the map, how its sheet looks, files, layouts, atlases and web maps."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QStandardPaths, QTimer
from PySide6.QtWidgets import QLineEdit

from lydigital.commands import frame as frames
from lydigital.commands import layout as layouts
from lydigital.commands import registry
from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui.desk import Desk
from lydigital.ui.notices import Notice
from lydigital.ui.proof import PREVIEW_PX, Preview, first_of, judged, pictured
from lydigital.ui.tools.frame import FrameHand, FrameTool, Sheet, moved_to, nearest_scale, round_scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from lydigital.model.frame import Frame
    from lydigital.model.gate import Audience, Verdict
    from lydigital.publish.furniture import Box
    from lydigital.ui.jobs import Job
    from lydigital.ui.tools.shapes import XY
    from lydigital.ui.window import Window

FINEST_PX = 2800  # longer side of a page in the preview, where it is large on the map
SETTLE_MS = 180
COVERED_PX = 316 + 44 + 2 * 12  # the card with its margins
LEAST_PX = 100  # a map narrower than this has not been laid out yet
FILL = 0.90  # of the free map that a frame fills when it comes up


class PublishDesk(Desk):
    """``changed`` names what is other now: frame, preview, layout, audience, written, title (to be typed), atlas, web, busy."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.preview: Preview | None = None  # of the frame
        self.trouble = ""  # why there is none
        self.verdict: Verdict | None = None
        self.shown: Preview | None = None  # of the layout looked at in the list
        self.audience: Audience = "internal"
        self.pdf_a = False
        self.sketches = Desk(window)  # pictures are drawn while something long is written
        self.written: list[Path] = []
        self.folder = ""
        self.sheet: Sheet | None = None
        self._start: dict[str, Any] = {}  # where the frame lies as long as the map does not say it
        self._tried: dict[str, Any] = {}
        self._title_field: QLineEdit | None = None
        self._later = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._later.timeout.connect(self._draw)
        self.hand = FrameHand(window.canvas, window.session, window.preferences.aids)
        self.hand.left.connect(window.canvas.escaped)
        window.framed.connect(self._framed)

    # the frame

    @property
    def is_kept(self) -> bool:
        """Whether the map remembers a frame."""
        kept = self.session.document.layout(frames.ID)
        return kept is not None and kept.frame is not None

    @property
    def frame(self) -> Frame:
        """As the map remembers it, in the place it has on the screen, with what is being tried."""
        return frames.frame_of(self.session, {**self._missing(), **self._tried})

    def _missing(self) -> dict[str, Any]:
        kept = frames.frame_of(self.session)
        return {name: value for name, value in self._start.items() if getattr(kept, name) is None}

    def set(self, **changes: Any) -> None:
        """Change the frame for good, one step to undo."""
        self._tried = {}
        self.window.do("frame.set", changes={**self._missing(), **changes})
        self.look_again()

    def try_on(self, **changes: Any) -> None:
        """As it would be; nothing is kept."""
        self._tried = changes
        self._lay()

    def keep_tried(self) -> None:
        tried, self._tried = self._tried, {}
        if tried:
            self.set(**tried)

    def give_up(self) -> None:
        """What was tried is not wanted."""
        self._tried = {}
        self._lay()

    def change_paper(self, **changes: Any) -> None:
        """Another format; about the same ground stays on the sheet."""
        old = self.frame
        new = msgspec.structs.replace(old, **changes)
        if old.scale is not None and new.format != "custom":
            scale = old.scale * math.hypot(*old.size_mm) / math.hypot(*new.size_mm)
            changes["scale"] = nearest_scale(scale)
        self.set(**changes)

    def resized(self, width: float, height: float, still: XY, at: tuple[float, float]) -> dict[str, Any]:
        """Changes that make custom paper so large while its place ``at`` stays ``still`` on the ground."""
        assert self.sheet is not None
        frame = msgspec.structs.replace(self.frame, format="custom", width=width, height=height)
        made = moved_to(self.sheet, self._window_of(frame), (width, height), still, at)
        return {"format": "custom", "width": width, "height": height, "centre": made.centre}

    def look_again(self) -> None:
        """The map, or what it remembers, is other now."""
        if self.window.workspace == "publish":
            self._lay()
            self._later.start()

    def _lay(self) -> None:
        frame = self.frame
        if frame.centre is None or frame.scale is None:
            return
        from lydigital.publish.arrange import ground_metres

        x, y = frame.centre
        ground = ground_metres((x, y, x, y), self.window.canvas.viewport.crs)
        width, height = frame.size_mm
        self.sheet = Sheet(width, height, self._window_of(frame), (x, y), frame.scale / 1000 / ground, frame.turn)
        self.window.canvas.update()
        self.changed.emit("frame")

    def _window_of(self, frame: Frame) -> Box:
        """Where the map stands on the paper: as last drawn, else as it will without a legend that needs more."""
        from lydigital.publish.frame import map_box
        from lydigital.publish.furniture import Box

        found = self.preview
        if found is not None and found.frame is not None and _shape(found.frame) == _shape(frame) and (main := found.layout.main_map) is not None:
            return Box(main.x, main.y, main.width, main.height)
        return map_box(frame)

    # where it lies

    def put_in_view(self) -> None:
        """In the middle of what is seen of the map, as large as fits."""
        self._start = self.place()
        if self.is_kept:
            self.set(**self._start)
        else:
            self.look_again()

    def show_on_sheet(self, bounds: tuple[float, float, float, float]) -> None:
        """All of ``bounds`` on the sheet, and all of the sheet in the view."""
        self.set(**self.place(bounds))
        if not self.is_whole():
            self.go_to_frame()

    def is_whole(self) -> bool:
        """Whether all of the paper is on the screen beside the card."""
        if self.sheet is None:
            return True
        west, south, east, north = self.sheet.bounds
        x0, y0, x1, y1 = self.window.canvas.viewport.bounds
        x1 -= self._covered_px() * self.window.canvas.viewport.units_per_px
        return x0 <= west and y0 <= south and x1 >= east and y1 >= north

    def place(self, bounds: tuple[float, float, float, float] | None = None) -> dict[str, Any]:
        """Centre and scale at which the sheet lies in the free part of the view, or shows ``bounds``."""
        from lydigital.publish.arrange import ground_metres

        canvas, frame = self.window.canvas, self.frame
        view = canvas.viewport
        window = self._window_of(frame)
        width, height = frame.size_mm
        if bounds is not None:
            centre = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
            units = max((bounds[2] - bounds[0]) / window.width, (bounds[3] - bounds[1]) / window.height)
            scale = round_scale(max(units * 1000 * ground_metres((*centre, *centre), view.crs), 100.0))
            return {"centre": centre, "scale": scale}
        free = view.width_px - self._covered_px(), view.height_px - 40 * canvas.devicePixelRatioF()
        units = min(FILL * free[0] / width, FILL * free[1] / height) * view.units_per_px
        middle = view.to_map(free[0] / 2, view.height_px - free[1] / 2)
        scale = round_scale(max(units * 1000 * ground_metres((*middle, *middle), view.crs), 100.0), up=False)
        units = scale / 1000 / ground_metres((*middle, *middle), view.crs)
        lying = Sheet(width, height, window, middle, units, frame.turn)
        x, y = lying.ground(width / 2, height / 2)
        return {"centre": (2 * middle[0] - x, 2 * middle[1] - y), "scale": scale}

    def is_seen(self) -> bool:
        """Whether a good part of the paper is on the screen."""
        if self.sheet is None:
            return True
        west, south, east, north = self.sheet.bounds
        x0, y0, x1, y1 = self.window.canvas.viewport.bounds
        seen = max(0.0, min(east, x1) - max(west, x0)) * max(0.0, min(north, y1) - max(south, y0))
        return seen > 0.2 * min((east - west) * (north - south), (x1 - x0) * (y1 - y0)) and (east - west) > 0.05 * (x1 - x0)

    def go_to_frame(self) -> None:
        """Show all of the paper."""
        if self.sheet is None:
            return
        canvas, bounds = self.window.canvas, self.sheet.bounds
        canvas.show_bounds(bounds, 0.07)
        covered = self._covered_px()
        room = canvas.viewport.width_px - covered
        need = (bounds[2] - bounds[0]) / canvas.viewport.units_per_px * 1.06
        if need > room:
            canvas.set_viewport(canvas.viewport.zoomed(room / need))
        canvas.pan_by(-covered / 2 / canvas.devicePixelRatioF(), 0)

    def _covered_px(self) -> float:
        """Width that the card takes from the map, device pixels."""
        return COVERED_PX * self.window.canvas.devicePixelRatioF() if self.window._covered_px() else 0.0

    def words(self) -> str:
        """Scale, paper and how much ground it shows."""
        frame, sheet = self.frame, self.sheet
        if frame.scale is None or sheet is None:
            return ""
        wide, high = (frame.scale * v / 1e6 for v in (sheet.window.width, sheet.window.height))
        ground = f"{wide:,.0f} × {high:,.0f} km" if min(wide, high) >= 10 else f"{wide:,.2f} × {high:,.2f} km"
        return f"1:{frame.scale:,.0f}  ·  {sheet.width:g} × {sheet.height:g} mm  ·  {ground}"

    # for the tool

    def title_box(self) -> Box | None:
        """Where the title stands on the paper."""
        return next((box for name, box in self._boxes() if name == "title"), None)

    def edit_title(self, tool: FrameTool) -> bool:
        """Type the title where it stands on the map; False when it does not stand there."""
        box, frame = tool.title_rect(), self.frame
        if box is None or frame.turn:
            return False
        field = self._title_field
        if field is None:
            field = self._title_field = QLineEdit(self.window.canvas)
            field.setAccessibleName(tr("Sheet title"))
            field.editingFinished.connect(self._title_typed)
        field.setText(frame.title or self.session.document.title)
        field.setGeometry(box.toRect())
        field.show()
        field.setFocus()
        field.selectAll()
        return True

    def _title_typed(self) -> None:
        field = self._title_field
        if field is None or field.isHidden():
            return
        field.hide()
        text = field.text().strip()
        if text != (self.frame.title or self.session.document.title):
            self.set(title=text)
        self.window.canvas.setFocus()

    def places(self) -> list[tuple[str, Box]]:
        """Things on the sheet by their names, for as long as they are not drawn."""
        return [(name, box) for name, box in self._boxes(named=True) if name]

    def _boxes(self, *, named: bool = False) -> list[tuple[str, Box]]:
        from lydigital.publish.frame import layout_of
        from lydigital.publish.furniture import Box

        found = self.preview
        is_like = found is not None and found.frame is not None and _shape(found.frame) == _shape(self.frame)
        layout = found.layout if found is not None and is_like else layout_of(self.frame)
        return [
            (tr(item.word) if named and item.id != "title" else item.id, Box(item.x, item.y, item.width, item.height))
            for item in layout.items if item is not layout.main_map and item.width > 0 and item.height > 0
        ]  # fmt: skip

    def image(self) -> QImage | None:
        """The sheet as last drawn, where things stand on it as they will."""
        found = self.preview
        if found is None or found.frame is None or _shape(found.frame) != _shape(self.frame):
            return None
        return found.images[0]

    # coming and going

    def enter(self) -> None:
        """The frame lies on the map, in view when nobody has put it anywhere yet."""
        self.window.editing.stop(close_card=False)
        self.window.map.close_board()
        if self.hand.tool is None:
            self.hand.take(FrameTool(self.hand, self))
        else:
            self.window.canvas.hand = self.hand
        self.window.canvas.has_furniture = False  # the sheet has its own
        if not self.is_kept or not self._start:
            self._start = {}
            self._framed()
        self.look_again()

    def _framed(self, _frame: object = None) -> None:
        """The frame is laid into the view as soon as there is one."""
        if self.window.workspace == "publish" and not self._start and self.window.canvas.viewport.width_px > LEAST_PX:
            self._start = self.place()
            self.look_again()
        elif self.window.workspace == "publish" and self.preview is not None and self._pixels() > 1.3 * max(self.preview.images[0].width(), self.preview.images[0].height()):
            self._later.start()

    def _pixels(self) -> float:
        """Longer side of the page as the map shows it, within limits."""
        if self.sheet is None:
            return PREVIEW_PX
        seen = max(self.sheet.width, self.sheet.height) * self.sheet.units / self.window.canvas.viewport.units_per_px
        return min(max(seen, PREVIEW_PX), FINEST_PX)

    def leave(self) -> None:
        """Another workspace."""
        self._later.stop()
        self.window.canvas.has_furniture = True
        if self.window.canvas.hand is self.hand:
            self.hand.take(None)
        else:
            self.hand.tool = None
        self.window.map.close_board()

    def forget(self) -> None:
        """Another map."""
        self.forget_jobs()
        self.sketches.forget_jobs()
        self.preview = self.shown = self.verdict = self.sheet = None
        self._start, self._tried, self.written, self.trouble = {}, {}, [], ""
        if self.window.workspace == "publish":
            self.enter()

    # pictures of sheets

    def _draw(self) -> None:
        if self._tried or self.sheet is None:
            return
        session, frame, audience, size = self.session, self.frame, self.audience, self._pixels()

        def work(_job: Job) -> tuple[Preview | None, Verdict | None, str]:
            try:
                layout, material = layouts.framed(session, frame), layouts.material_of(session)
                made, verdict = judged(session, layout, material, audience)
            except LydError as error:
                return None, None, str(error)
            return pictured(made, frame, size), verdict, ""

        def done(result: tuple[Preview | None, Verdict | None, str]) -> None:
            self.preview, self.verdict, self.trouble = result
            self._lay()
            self.changed.emit("preview")

        self.sketches.start("preview", tr("Drawing the sheet"), work, done)

    def ask_for(self, audience: Audience) -> None:
        """Whom the sheet is for: what may be on it follows."""
        self.audience = audience
        self.look_again()
        self.changed.emit("audience")

    def look_at(self, layout: str) -> None:
        """A picture of a layout or template."""
        session, audience = self.session, self.audience

        def work(_job: Job) -> Preview | LydError:
            try:
                found, material = layouts.find(session, layout), layouts.material_of(session)
                return pictured(judged(session, found, material, audience, first_of(found, material))[0])
            except LydError as error:
                return error

        def done(result: Preview | LydError) -> None:
            self.shown = result if isinstance(result, Preview) else None
            if isinstance(result, LydError):
                self.window.failed(result)
            self.changed.emit("layout")

        self.sketches.start("layout", tr("Drawing the sheet"), work, done)

    # files

    def ask(self, kind: str, words: str, command: str, done: Callable[[Any], None], /, **given: object) -> None:
        """A command that takes long, in a job that can be cancelled."""

        def work(job: Job) -> Any:
            job.report(0.02, words)
            return self.perform(job, command, unless=bool, **given)

        self.start(kind, words, work, done)

    def write(self, path: str, *, dpi: int | None = None, layout: str = "") -> None:
        """The sheet of the frame, or of a layout, into a file."""
        given: dict[str, Any] = {"path": path} | ({} if dpi is None else {"dpi": dpi})
        given |= {"layout": layout} if layout else {"changes": self._missing()}
        given |= {"audience": self.audience, "pdf_a": self.pdf_a and path.casefold().endswith(".pdf")}
        self.folder = str(Path(path).parent)
        title = tr("Writing {file}", file=Path(path).name)
        self.ask("export", title, "layout.export" if layout else "frame.export", self._wrote, **given)

    def for_whom(self, command: str) -> dict[str, str]:
        """The audience, where a command asks for it."""
        return {"audience": self.audience} if "audience" in registry.get(command).parameters.__struct_fields__ else {}

    def _wrote(self, values: dict[str, Any]) -> None:
        self.written = [Path(path) for path in values["output"]]
        self.window.say(Notice("note", tr("Written: {path}", path=str(self.written[0]))))
        for issue in values.get("issues", ()):
            if issue["code"].startswith("layout.") and issue["severity"] != "note":
                self.window.say(Notice(issue["severity"], issue["message"], issue["hint"]))
        self.changed.emit("written")

    def name_for(self, suffix: str, title: str = "") -> str:
        """A sensible path for a file: title, format and scale, in the folder written into last."""
        frame = self.frame
        words = title or frame.title or self.session.document.title or tr("Map")
        if not title and frame.scale is not None:
            words += f" {tr(FORMATS[frame.format]).split(' ')[0]} 1-{frame.scale:.0f}"
        name = " ".join(re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", words).split())[:80] or "map"
        kept = self.session.history.path
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        folders = [Path(f) for f in (self.folder, str(kept.parent) if kept else "", documents) if f]
        return str(next((f for f in folders if f.is_dir()), Path.home()) / f"{name}{suffix}")


FORMATS = {
    "A4": "A4", "A3": "A3", "A2": "A2", "A1": "A1", "A0": "A0", "slide": "Slide 16:9", "half": "Half page for Word", "custom": "Custom size",
}  # fmt: skip


def _shape(frame: Frame) -> Frame:
    """What decides where things stand on the sheet."""
    return msgspec.structs.replace(frame, centre=None, scale=None, turn=0.0, title="", subtitle="…" if frame.subtitle else "")
