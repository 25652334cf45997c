"""The desk of the workspace 预警: rain, model, computation and warning in hand; the page shows it and asks it to act."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QTimer

from lydigital import paths
from lydigital.commands import desk, hazard
from lydigital.domain import hazardrun as runs
from lydigital.domain import lifecycle, watch
from lydigital.domain.hazard import next_due
from lydigital.domain.ledger import LAYER, ZONES, Ledger
from lydigital.domain.validity import BEIJING
from lydigital.errors import LydError
from lydigital.model import hazardmodel, hazardrun
from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable
from lydigital.texts import tr
from lydigital.ui.desk import Desk
from lydigital.ui.notices import InlineBar, Notice
from lydigital.ui.overlays import level_layer
from lydigital.ui.tools.hand import Hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.domain.hazard import Assessment, Difference
    from lydigital.domain.hazardrun import Situation
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.hazardmodel import HazardModel
    from lydigital.model.hazardrun import HazardRun, RunInput
    from lydigital.model.rainfall import RainSeries
    from lydigital.model.warning import WarningIssue
    from lydigital.ui.window import Window

ACTIVE = ("draft", "consultation", "review", "issued")
LONGEST_MS = 3_600_000  # a timer that has longer to wait looks again


@dataclass(frozen=True)
class BrushState:
    """What the brush does: the level it paints, how wide, to township borders or not, and why."""

    level: int = 3
    radius_m: float = 2_000.0
    borders: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Choices:
    """What the officer chose; the rest is the model's own."""

    rain: str = ""
    at: str = ""
    model: str = hazardmodel.DEFAULT
    other: str = ""
    method: str = ""
    k: float | None = None
    days: int | None = None
    without: tuple[str, ...] = ()

    def parameters(self) -> hazard.Compute:
        """As the command takes them."""
        given = {name: value for name, value in dataclasses.asdict(self).items() if name != "other"}
        return msgspec.convert(given, hazard.Compute)


class WarningDesk(Desk):
    """``changed`` names what is other now: rain, model, levels, trial, issue, tool, busy."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.choices = Choices()
        self.series: RainSeries | None = None
        self.situation: Situation | None = None
        self.inputs: tuple[RunInput, ...] = ()
        self.trial: HazardModel | None = None  # the model with thresholds as the hand has them
        self.assessed: Assessment | None = None
        self.run: HazardRun | None = None
        self.seconds: dict[str, float] = {}
        self.brush = BrushState()
        self.tool_id = ""
        self.issue_id = ""
        self._shows_levels = True
        self._ledger: Ledger | None = None
        self._bars: set[tuple[str, str]] = set()
        self.hand = Hand(window.canvas, window.session, window.preferences.aids)
        self.hand.failed.connect(window.failed)
        self.hand.said.connect(lambda text, hint: window.say(Notice("warning", text, hint)))
        self.hand.left.connect(lambda: self.take(""))
        self.session.changed.connect(self._session_changed)
        window._links = (*window._links, (self.session.changed, self._session_changed))
        self._alarm = QTimer(self, singleShot=True)
        self._alarm.timeout.connect(self.look_at_clock)
        self.every_h = 0  # hours between computations that start by themselves, 0 for none
        self.due: datetime | None = None
        self._turn = QTimer(self, singleShot=True)
        self._turn.timeout.connect(self._turned)

    # rain

    def choose(self, **changes: object) -> None:
        """Choose otherwise; what was computed of other rain or another model no longer holds."""
        before = self.choices
        self.choices = dataclasses.replace(before, **changes)  # type: ignore[arg-type]
        if self.choices == before:
            return
        if before.rain != self.choices.rain:
            self.series = None
        if self._computed_of(before) != self._computed_of(self.choices):
            self._forget_levels()
        self.changed.emit("rain" if before.rain != self.choices.rain else "model")

    def load_rain(self, rain: str = "") -> None:
        """Read gauges from a file, or from the map's own tables."""
        self.choose(rain=rain, at="", without=())
        session = self.session

        def work(job: Any) -> tuple[RainSeries, float]:
            job.report(0.1)
            began = _now_s()
            return hazard.series_of(session, rain), _now_s() - began

        def done(result: tuple[RainSeries, float]) -> None:
            self.series, self.seconds["rain"] = result
            self.changed.emit("rain")

        self.start("rain", tr("Reading rain"), work, done)

    def models(self) -> dict[str, HazardModel]:
        return hazard.models()

    @property
    def model(self) -> HazardModel | None:
        """The model chosen, with the parameters chosen for it."""
        try:
            return hazard._adapted(hazard.model_of(self.choices.model), self.choices.parameters())
        except LydError:
            return None

    # levels

    def compute(self) -> None:
        """Levels of the rain chosen, in a job."""
        session, wanted = self.session, self.choices.parameters()

        def work(job: Any) -> tuple[Situation, tuple[RunInput, ...], HazardRun, float]:
            began = _now_s()
            job.report(0.1, tr("Rain and ground"))
            found, inputs = hazard.situation(session, wanted)
            job.report(0.6, tr("Levels and zones"))
            run = runs.run(found, made_at=datetime.now(UTC).replace(microsecond=0), inputs=inputs)
            job.report(1.0, tr("Levels and zones"))
            return found, inputs, run, _now_s() - began

        def done(result: tuple[Situation, tuple[RunInput, ...], HazardRun, float]) -> None:
            self.situation, self.inputs, self.run, self.seconds["compute"] = result
            self.series = self.situation.series
            self.trial = self.situation.model
            self.assessed = self.situation.what_if(self.trial)
            self._shows_levels = True
            self._show_levels()
            self.changed.emit("levels")

        self.start("compute", tr("Computing warning levels"), work, done)

    def schedule(self, every_h: int) -> None:
        """Compute by itself after every ``every_h``-th full hour while the program runs; 0 for by hand only."""
        self.every_h = every_h
        self._turn.stop()
        if every_h:
            now = datetime.now(UTC)
            self.due = next_due(now, every_h, last=now)
            self._turn.start(min(int((self.due - now).total_seconds() * 1000) + 500, LONGEST_MS))

    def _turned(self) -> None:
        """The hour has come: rain is read anew, and its newest time taken."""
        is_due = self.due is not None and datetime.now(UTC) >= self.due
        if is_due and self.series is not None and not self.busy and self.issue is None:
            self.choose(at="")
            self.compute()
        self.schedule(self.every_h)

    def try_thresholds(self, breaks: Sequence[float], share: float) -> None:
        """Other thresholds on the same rain: map and counts follow at once; nothing is kept until :meth:`take_trial`."""
        if self.situation is None or self.trial is None:
            return
        began = _now_s()
        rule = msgspec.structs.replace(self.trial.townships, share=share)
        trial = msgspec.structs.replace(self.trial, breaks=tuple(breaks), townships=rule)
        try:
            self.trial = hazardmodel.check(trial)
        except LydError as error:
            self.window.failed(error)
            return
        self.assessed = self.situation.what_if(self.trial)
        self._show_levels()
        self.seconds["what_if"] = _now_s() - began
        self.changed.emit("trial")

    @property
    def is_trial(self) -> bool:
        """Whether the thresholds are others than those of the run."""
        return self.run is not None and self.trial is not None and self.trial != self.run.model

    def take_trial(self) -> None:
        """Make the thresholds tried the run; they are part of what it says."""
        if self.situation is None or self.trial is None:
            return
        now = dataclasses.replace(self.situation, model=self.trial)
        self.run = runs.run(now, made_at=datetime.now(UTC).replace(microsecond=0), inputs=self.inputs)
        self.situation = now
        self.changed.emit("levels")

    def drop_trial(self) -> None:
        if self.situation is not None:
            self.trial = self.situation.model
            self.assessed = self.situation.what_if(self.trial)
            self._show_levels()
            self.changed.emit("levels")

    def compared(self) -> tuple[HazardModel, Assessment, Difference] | None:
        """The second model on the same rain, and what it would change."""
        if self.situation is None or self.assessed is None or not self.choices.other:
            return None
        from lydigital.domain.hazard import compare

        other = hazard.model_of(self.choices.other)
        found = self.situation.what_if(other)
        return other, found, compare(self.situation.ground, self.assessed, found)

    @property
    def shows_levels(self) -> bool:
        return self._shows_levels and self.assessed is not None

    def show_levels(self, on: bool) -> None:
        """The level grid on the map, or not."""
        self._shows_levels = on
        self._show_levels()
        self.changed.emit("levels")

    def _show_levels(self) -> None:
        laid = []
        if self.shows_levels and self.situation is not None and self.assessed is not None:
            laid.append(level_layer(self.situation.ground, self.assessed.levels))
        self.window.picture.lay("hazard", *laid)
        self.window.redraw()

    def _forget_levels(self) -> None:
        had = self.assessed is not None
        self.situation = self.assessed = self.run = self.trial = None
        if had:
            self._show_levels()
            self.changed.emit("levels")

    @staticmethod
    def _computed_of(choices: Choices) -> Choices:
        return dataclasses.replace(choices, other="")

    # the warning

    @property
    def ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = desk.ledger_of(self.session)
        return self._ledger

    @property
    def issue(self) -> WarningIssue | None:
        """The warning in hand in its newest version; the newest that is not over unless one was opened."""
        try:
            newest = self.ledger.latest
        except LydError as error:
            self.window.failed(error)
            return None
        chosen = next((i for i in newest if i.id == self.issue_id), None)
        if chosen is not None:
            return chosen
        going = [i for i in newest if i.status in ("draft", "consultation", "review")]
        return max(going, key=lambda i: i.id, default=None)

    def open(self, issue_id: str) -> None:
        self.issue_id = issue_id
        self.changed.emit("issue")

    def level_of(self, township: str) -> int | None:
        issue = self.issue
        return None if issue is None else next((int(t.level) for t in issue.townships if t.code == township), None)

    def draft(self, purpose: str) -> None:
        """A warning from the run in hand."""
        if self.run is None:
            return
        began = _now_s()
        path = paths.state_dir() / "runs" / f"{self.run.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.write_atomically(path, hazardrun.encode(self.run))
        self.do("hazard.keep", run=str(path))
        made = self.do("warning.draft", run=self.run.id, purpose=purpose)
        if made is not None:
            self.issue_id = made.values["id"]
            self.seconds["draft"] = _now_s() - began
            ref = self.session.document.layer(ZONES)
            if ref is not None and not self.session.document.is_visible(ref):
                self.window.do("layer.show", layer=ZONES)
            self.show_levels(on=False)
            self.changed.emit("issue")

    def do(self, command: str, **parameters: object) -> ChangeSet | None:
        """A command of the warning; what it found is said."""
        began = _now_s()
        result = self.window.do(command, **parameters)
        self.seconds[command] = _now_s() - began
        for issue in getattr(result, "issues", ()):
            self.window.say(Notice.of_issue(issue))
        return result

    def step(self, command: str, text: str = "", **more: object) -> bool:
        """A step in the life of the warning in hand; True when it was taken."""
        issue = self.issue
        if issue is None:
            return False
        said = {"reason": text} if command == "warning.lift" else {} if command == "warning.expire" else {"text": text}
        return self.do(command, issue=issue.id, **said, **more) is not None

    def refusal(self, step: str) -> str | None:
        """Why a step of the warning cannot be taken by whoever sits here now, None when it can; nothing is changed."""
        issue, session = self.issue, self.session
        if issue is None:
            return tr("There is no warning yet: draft one first")
        who, now, office = desk.person(session), datetime.now(UTC).astimezone(BEIJING), session.office
        try:
            if step == "warning.consult":
                lifecycle.consult(issue, who, now)
            elif step == "warning.submit":
                lifecycle.submit(issue, who, now)
            elif step == "warning.review":
                lifecycle.review(issue, who, now, approve=True, office=office)
            elif step == "warning.issue":
                lifecycle.issue(issue, who, now, self.ledger.versions, office=office)
            elif step == "warning.lift":
                lifecycle.lift(issue, who, now, "-")
            elif step == "warning.expire":
                lifecycle.expire(issue, who, now)
            elif step == "warning.revise":
                lifecycle.revise(issue, who, now)
        except LydError as error:
            return tr("{reason}. {hint}", reason=error, hint=error.hint_text())
        return None

    # tools

    def change_brush(self, **changes: object) -> None:
        self.brush = dataclasses.replace(self.brush, **changes)  # type: ignore[arg-type]
        self.window.canvas.update()
        self.changed.emit("tool")

    def take(self, tool: str) -> None:
        """Take brush, eraser or townships into the hand; "" gives the map its gestures back."""
        from lydigital.ui.tools.warning import PickTownship, ZoneBrush, ZoneEraser

        kinds = {"brush": ZoneBrush, "eraser": ZoneEraser, "township": PickTownship}
        if tool and self.refusal("warning.revise") is not None:
            tool = ""
        if tool:
            self.window.editing.stop(close_card=False)
            self.hand.take(kinds[tool](self.hand, self))
        elif self.window.canvas.hand is self.hand:
            self.hand.take(None)
        self.tool_id = tool
        self.window.canvas.setFocus()
        self.changed.emit("tool")

    def paint(self, *, line: str = "", townships: tuple[str, ...] = (), erase: bool = False, level: int = 0, reason: str = "") -> bool:
        """Paint or erase on the warning in hand; True when something changed."""
        issue = self.issue
        if issue is None:
            return False
        brush = self.brush
        given = {"line": line, "borders": brush.borders, "radius_m": brush.radius_m} if line else {"townships": townships}
        made = self.do("warning.paint", issue=issue.id, level=level or brush.level, erase=erase, reason=reason or brush.reason, **given)
        return made is not None

    def zoom_to(self, township: str) -> None:
        """Show a township and mark it."""
        table = self.session.table("township")
        assert isinstance(table, FeatureTable)
        codes = [str(code) for code in table.column("code").to_pylist()]
        if township in codes:
            row = codes.index(township)
            west, south, east, north = (float(v) for v in table.geometry.bounds[row])
            self.window.canvas.show_bounds((west, south, east, north), 0.6)
            self.session.select(Selection.of("township", [int(table.fid[row])]))

    # the clock

    def look_at_clock(self) -> None:
        """Tell what ended or ends soon, once each, and wait for the next."""
        try:
            versions = self.ledger.versions
        except LydError:
            return
        now = datetime.now(UTC).astimezone(BEIJING)
        ahead = timedelta(minutes=self.session.office.alarm_minutes)
        for issue in watch.due(versions, now):
            self._ring(issue, "ended", tr("{title} ended at {end}: mark it as expired", title=desk.title_of(issue), end=_clock(issue.valid_to)))
        for issue in watch.in_force(versions, now):
            if issue.valid_to - ahead <= now:
                self._ring(issue, "ends_soon", tr("{title} ends at {end}: extend it with a new issue, or let it end", title=desk.title_of(issue), end=_clock(issue.valid_to)))  # fmt: skip
        following = watch.next_alarm(versions, now, ahead=ahead)
        if following is not None:
            wait = int((following.at - now).total_seconds() * 1000) + 500
            self._alarm.start(min(wait, LONGEST_MS))

    def _ring(self, issue: WarningIssue, kind: str, text: str) -> None:
        if (issue.id, kind) in self._bars:
            return
        self._bars.add((issue.id, kind))

        def expire() -> None:
            self.issue_id = issue.id
            self.step("warning.expire")

        def look() -> None:
            self.issue_id = issue.id
            self.window.set_workspace("hazard")
            self.changed.emit("issue")

        first = (tr("Mark as expired"), expire) if kind == "ended" else (tr("Look"), look)
        self.window.bars.addWidget(InlineBar(text, [first, (tr("Later"), lambda: None)], "bell-ring-outline"))
        self.window.say(Notice("warning", text))

    def forget(self) -> None:
        """Another map: nothing of the old one stays."""
        self.take("")
        self.choices, self.series, self._ledger, self.issue_id = Choices(), None, None, ""
        self._forget_levels()

    # inside

    def _session_changed(self, changes: ChangeSet) -> None:
        targets = [d.target for d in changes.deltas]
        if not targets or any(f"/{LAYER}/" in t for t in targets):
            self._ledger = None
            self.changed.emit("issue")
            self.look_at_clock()
        elif any(f"/{ZONES}/" in t for t in targets):
            self.changed.emit("issue")


def _now_s() -> float:
    import time

    return time.perf_counter()


def _clock(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%m-%d %H:%M")
