"""The page of pipes and cables: click one to trace it or to let it burst, draw a line to cut a section."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QVBoxLayout, QWidget

from lydigital.commands.utility import KINDS, PIPES
from lydigital.texts import tr
from lydigital.ui.panels.scrolled import ScrolledPage, button
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.panels.utilityparts import SectionView, Tabs, fact, findings, listed, swatch
from lydigital.ui.spaces import SpacePage
from lydigital.ui.widgets import Elided, label, link, row, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.impact import Impact
    from lydigital.model.utility import Buried, Clearance, Facility, Piece, Touched
    from lydigital.ui.utilitydesk import UtilityDesk

MODES = (("trace", "Tracing"), ("burst", "Burst"), ("section", "Section"), ("near", "Distances"))
DIRECTIONS = (("up", "Upstream"), ("down", "Downstream"), ("connected", "Connected"))
HINTS = {
    "trace": "Click a pipe on the map: what lies up or down its flow is drawn.",
    "burst": "Click the pipe that burst: what to shut, and who is hit.",
    "section": "Click two places across a street: the ground between them is cut open.",
    "near": "Pipes in view are compared with the least distances asked for.",
}
WIDE_PX = 250  # more than the usual, for a section
MOST, MOST_NEAR = 8, 40
DISTANCES_M = (20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)
COUNTED = ("people", "school", "hospital", "building")


class UtilityPage(ScrolledPage, SpacePage):
    """Shows what the desk has in hand."""

    icon = "pipe"

    def __init__(self, desk: UtilityDesk) -> None:
        super().__init__()
        self.desk = desk
        desk.changed.connect(lambda _what: self.retranslate())
        self.closed.connect(desk.rest)
        self.retranslate()

    # the workspace

    def entered(self) -> None:
        self.desk.take()
        self.retranslate()

    def left(self) -> None:
        self.desk.rest()

    def document_changed(self) -> None:
        self.desk.keep_up()

    def document_replaced(self) -> None:
        self.desk.forget()

    # content

    def title(self) -> tuple[str, str]:
        return tr("Pipes and cables"), tr(HINTS[self.desk.mode])

    def retranslate(self) -> None:
        shows = self.desk.mode == "section" and self.desk.section is not None
        self.extra_px = WIDE_PX if shows else 0
        super().retranslate()

    def build(self, box: QVBoxLayout) -> None:
        desk = self.desk
        tabs = Tabs(MODES, desk.mode)
        tabs.chosen.connect(lambda mode: desk.change(mode=mode, **({"layer": PIPES} if mode != "trace" and desk.layer != PIPES else {})))
        box.addWidget(tabs)
        there = [name for name, _ in desk.networks]
        if not there or (desk.mode != "trace" and PIPES not in there):
            missing = tr("The map has no layer of pipes") if there else tr("The map has no layer of pipes or cables")
            box.addWidget(label(missing, "soft", wrap=True))
            return
        if desk.layer not in there:
            desk.layer = there[0]
        {"trace": self._trace, "burst": self._burst, "section": self._section, "near": self._near}[desk.mode](box)

    def build_foot(self, box: QVBoxLayout) -> None:
        desk = self.desk
        there = {"trace": desk.trace, "burst": desk.isolation, "section": desk.section, "near": desk.clearances}[desk.mode]
        if there is None:
            return
        line = row(spacing=6)
        button(line, tr("Save the drawing…") if desk.mode == "section" else tr("Report…"), self.ask_file, primary=True)
        if desk.mode != "section":
            button(line, tr("To the map"), desk.lay_down)
        if desk.mode in ("trace", "burst"):
            button(line, tr("Fit"), desk.show_all)
        line.addStretch(1)
        box.addLayout(line)

    def ask_file(self) -> None:
        """Where to write what is in hand."""
        ends = ("pdf", "png", "svg") if self.desk.mode == "section" else ("docx", "xlsx", "html", "json")
        dialog = QFileDialog(self.window(), tr("Save"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{end.upper()} (*.{end})" for end in ends])
        dialog.setDefaultSuffix(ends[0])
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(chosen.partition(" ")[0].lower()))
        dialog.fileSelected.connect(lambda path: self.desk.write(str(Path(path))))
        dialog.open()

    # a trace

    def _trace(self, box: QVBoxLayout) -> None:
        desk = self.desk
        networks = Choice()
        networks.setAccessibleName(tr("Network"))
        networks.offer(desk.networks, desk.layer)
        networks.chosen.connect(lambda layer: desk.change(layer=str(layer)))
        box.addWidget(networks)
        ways = Tabs(DIRECTIONS, desk.direction)
        ways.chosen.connect(lambda way: desk.change(direction=way))
        box.addWidget(ways)
        found = desk.trace
        if found is None:
            self._start(box)
            return
        self._head_of(box, found.start)
        fact(box, tr("Found"), tr("{count} pipes, {length} km", count=f"{len(found.fids):,}", length=f"{found.length_m / 1000:,.2f}"))
        findings(box, found.issues)
        if found.sources:
            box.addWidget(label(tr("Sources and outfalls"), "section"))
            listed(box, [self._facility(f) for f in found.sources], MOST)
        kinds: dict[int, int] = {}
        for facility in found.facilities:
            kinds[facility.kind] = kinds.get(facility.kind, 0) + 1
        if kinds and desk.layer == PIPES:
            box.addWidget(label(tr("On the way"), "section"))
            for kind, count in sorted(kinds.items(), key=lambda k: -k[1]):
                fact(box, tr(KINDS.get(kind, KINDS[0])), f"{count:,}")
        elif found.facilities:
            box.addWidget(label(tr("On the way"), "section"))
            listed(box, [self._facility(f) for f in found.facilities], 3 * MOST)

    # a burst

    def _burst(self, box: QVBoxLayout) -> None:
        desk = self.desk
        distance = Choice()
        distance.setAccessibleName(tr("Distance around the burst"))
        distance.offer([(metres, f"{metres:g} m") for metres in sorted({*DISTANCES_M, desk.distance_m})], desk.distance_m)
        distance.chosen.connect(lambda metres: desk.change(distance_m=float(metres)))
        line = row(spacing=8)
        line.addWidget(label(tr("Distance around the burst"), "faint"), 2)
        line.addWidget(distance, 1)
        box.addLayout(line)
        found = desk.isolation
        if found is None:
            self._start(box)
            return
        self._head_of(box, found.burst)
        box.addWidget(label(tr("To shut"), "section"))
        if not found.shut and not found.stop:
            box.addWidget(label(tr("Nothing"), "soft"))
        for facility in found.shut[: 2 * MOST]:
            text, value, action = self._facility(facility)
            line = row(spacing=6)
            line.addWidget(link(text, action))
            line.addStretch(1)
            line.addWidget(label(value, "faint"))
            line.addWidget(link(tr("It sticks"), partial(self._stick, facility.code)))
            box.addLayout(line)
        if found.stop:
            box.addWidget(label(tr("To stop"), "section"))
            listed(box, [self._facility(f) for f in found.stop], MOST)
        if desk.stuck:
            line = row(spacing=6)
            line.addWidget(label(tr("Cannot be shut: {names}", names="、".join(desk.stuck)), "warn", wrap=True), 1)
            line.addWidget(link(tr("Forget"), lambda: desk.change(stuck=())))
            box.addLayout(line)
        box.addWidget(rule())
        fact(box, tr("Shut off"), _amount(found.off))
        gravity = any(i.code == "utility.gravity" for i in found.issues)
        fact(box, tr("What arrives from above") if gravity else tr("Without supply"), tr("not known") if found.lost is None else _amount(found.lost))
        findings(box, found.issues)
        self._hit(box)

    def _hit(self, box: QVBoxLayout) -> None:
        desk = self.desk
        burst = desk.burst
        if burst is None:
            box.addWidget(label(tr("Counting who is hit…") if desk.waits("burst") else "", "faint"))
            return
        for title, communities, impact in (
            (tr("Within {metres} m of the burst", metres=f"{burst.distance_m:g}"), burst.near_communities, burst.near),
            (tr("Where supply is lost"), burst.unsupplied_communities, burst.unsupplied),
        ):
            box.addWidget(label(title, "section"))
            fact(box, tr("Communities"), _communities(communities))
            if impact is not None:
                for name, value in _counts(impact):
                    fact(box, name, value)

    def _stick(self, code: str) -> None:
        self.desk.change(stuck=(*self.desk.stuck, code))

    # a section

    def _section(self, box: QVBoxLayout) -> None:
        desk = self.desk
        found = desk.section
        if found is None:
            self._start(box)
            return
        from lydigital.commands.work.section import trades_of
        from lydigital.commands.work.utility import rules_of

        trades = trades_of(desk.session, rules_of())
        box.addWidget(SectionView(found, trades.colours, trades.names))
        told = {c.fids: c for c in found.clearances if c.relation != "cover"}
        covers = {c.fids[0]: c for c in found.clearances if c.relation == "cover"}
        if found.pipes:
            self._row(box, "", ("", tr("Pipe"), tr("Size of pipe"), tr("Top below ground (m)"), tr("Clear distance (m)")), head=True)
        for number, pipe in enumerate(found.pipes, 1):
            after = found.pipes[number] if number < len(found.pipes) else None
            clear = told.get((pipe.fid, after.fid)) if after is not None else None
            cover = covers.get(pipe.fid)
            top = _metres(pipe.top_m) + (f" < {cover.least_m:g}" if cover is not None and cover.is_met is False else "")
            to_next = "" if clear is None else _metres(clear.clear_m) + (f" < {clear.least_m:g}" if clear.is_met is False else "")
            cells = (str(number), f"{pipe.code} {trades.name(pipe.trade)}", pipe.size or "?", top, to_next)
            bad = (cover is not None and cover.is_met is False, clear is not None and clear.is_met is False)
            self._row(box, trades.colour(pipe.trade), cells, pipe, bad)
        findings(box, found.issues)

    def _row(
        self, box: QVBoxLayout, colour: str, cells: Sequence[str], pipe: Buried | None = None, bad: tuple[bool, bool] = (False, False), *,
        head: bool = False,
    ) -> None:
        line = row(spacing=6)
        mark = QLabel()
        if colour:
            mark.setPixmap(swatch(colour))
        mark.setFixedWidth(14)
        line.addWidget(mark)
        widths = (20, 0, 74, 128, 108)
        for i, (text, wide) in enumerate(zip(cells, widths, strict=True)):
            role = "section" if head else "bad" if (i == 3 and bad[0]) or (i == 4 and bad[1]) else "faint" if i in (0, 2) else ""
            cell: QWidget
            if i == 1 and pipe is not None:
                cell = link(text, partial(self.desk.go_to, pipe.x, pipe.y))
            else:
                cell = label(text, role) if wide else Elided(text, role)
            if wide:
                cell.setFixedWidth(wide)
            line.addWidget(cell, 0 if wide else 1)
            if i == 1 and pipe is not None:
                line.addStretch(1)
        box.addLayout(line)

    # clear distances

    def _near(self, box: QVBoxLayout) -> None:
        desk = self.desk
        go = button(box, tr("Compare the pipes in view"), desk.compare, primary=desk.clearances is None)
        go.setEnabled(not desk.waits("near"))
        found = desk.clearances
        if desk.waits("near"):
            box.addWidget(label(tr("Comparing pipes"), "faint"))
        if found is None:
            return
        fact(box, tr("Pairs compared"), f"{found.checked:,}")
        fact(box, tr("Nearer than asked for"), f"{len(found.found) - found.unknown:,}", "bad" if len(found.found) > found.unknown else "")
        fact(box, tr("Depth or size not known"), f"{found.unknown:,}")
        findings(box, found.issues)
        if found.found:
            box.addWidget(label(tr("Worst first"), "section"))
        lines = [
            (" – ".join(c.codes), _apart(c), partial(desk.go_to, c.x, c.y))
            for c in found.found
        ]
        listed(box, lines, MOST_NEAR)

    # shared

    def _start(self, box: QVBoxLayout) -> None:
        if self.desk.hidden:
            box.addWidget(label(tr("{layer} is not drawn in this view.", layer=self.desk.session.definition(self.desk.layer).name), "soft", wrap=True))
            box.addWidget(link(tr("Show it"), self._reveal), 0, Qt.AlignmentFlag.AlignLeft)

    def _reveal(self) -> None:
        self.desk.reveal()
        self.retranslate()

    def _head_of(self, box: QVBoxLayout, piece: Piece) -> None:
        line = row(spacing=6)
        if self.desk.layer == PIPES:
            from lydigital.commands.work.section import colours_of

            mark = QLabel()
            mark.setPixmap(swatch(colours_of(self.desk.session).get(piece.trade, "#8a8f96")))
            line.addWidget(mark)
        line.addWidget(Elided(self.desk.called(piece.fid) or piece.code), 1)
        box.addLayout(line)

    def _facility(self, found: Facility) -> tuple[str, str, partial[None]]:
        name = found.name or tr(KINDS.get(found.kind, KINDS[0]))
        away = "" if found.away_m is None else f"{found.away_m:,.0f} m" if found.away_m < 2_000 else f"{found.away_m / 1000:,.1f} km"
        return (f"{found.code} {name}", away, partial(self.desk.go_to, found.x, found.y))


def _apart(told: Clearance) -> str:
    """How near two pipes are, and how far apart they should be."""
    way = "↕" if told.relation == "vertical" else "↔"
    if told.clear_m is None:
        return f"{way} {tr('not known')}"
    if told.clear_m < 0:
        return f"{way} {tr('overlap {metres} m', metres=f'{-told.clear_m:.2f}')}"
    return f"{way} {told.clear_m:.2f} < {told.least_m:g} m"


def _metres(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"


def _amount(pieces: Sequence[Piece]) -> str:
    metres = sum(p.length_m for p in pieces)
    return tr("{count} pipes, {length} km", count=f"{len({p.fid for p in pieces}):,}", length=f"{metres / 1000:,.2f}")


def _communities(found: Sequence[Touched]) -> str:
    names = "、".join(t.name for t in found[:4])
    if len(found) > 4:
        return tr("{names} and {count} more", names=names, count=len(found) - 4)
    return names or tr("none")


def _counts(impact: Impact) -> list[tuple[str, str]]:
    return [
        (line.title, line.amounts[0].text if line.is_known and line.amounts else tr("not known"))
        for line in impact.total.lines if line.id in COUNTED
    ]  # fmt: skip
