"""The page 道路: cut roads by a line, an area or a click; what that changes is said at once."""

from __future__ import annotations

import numpy as np
import shapely
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QToolButton

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.emergencyhelp import Pane
from lydigital.ui.panels.emergencyparts import Item, ItemList, kilometres, minutes
from lydigital.ui.widgets import label, row

TOOLS = (
    ("cut_line", "Line", "vector-line", "Draw a line: roads are cut where they cross it"),
    ("cut_area", "An area", "vector-polygon", "Draw an area: its roads are closed"),
    ("cut_road", "Road", "road-variant", "Click a road to close all of it"),
)
LATER_S = 30.0
MOST = 40


class RoadsPage(Pane):
    def build(self) -> None:
        super().build()
        desk = self.desk
        self.box.addWidget(label(tr("Close roads; everything is worked out again at once."), "soft", wrap=True))
        grid = QGridLayout()
        grid.setSpacing(6)
        self.tools: dict[str, QToolButton] = {}
        for i, (tool, text, icon, tip) in enumerate(TOOLS):
            button = self.tools[tool] = QToolButton()
            button.setIcon(icons.icon(icon))
            button.setText(tr(text))
            button.setToolTip(tr(tip))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda on, tool=tool: desk.take(tool if on else ""))
            grid.addWidget(button, 0, i)
        self.zone = QPushButton(tr("In the zone"))
        self.zone.setToolTip(tr("Close every road in the zone of the incident"))
        self.zone.clicked.connect(lambda _=False: desk.close_zone())
        grid.addWidget(self.zone, 0, 3)
        self.box.addLayout(grid)
        self.list = ItemList(tr("Roads that are closed"))
        self.list.chosen.connect(self._chosen)
        self.box.addWidget(self.list)
        buttons = row(spacing=6)
        self.open = QPushButton(icons.icon("road-variant"), tr("Open this one"))
        self.open.clicked.connect(lambda _=False: self._open())
        self.open_all = QPushButton(tr("Open all"))
        self.open_all.clicked.connect(lambda _=False: desk.open_all())
        buttons.addWidget(self.open)
        buttons.addWidget(self.open_all)
        buttons.addStretch(1)
        self.box.addLayout(buttons)
        self.marked = ""
        self.refresh()

    def refresh(self) -> None:
        desk = self.desk
        for tool, button in self.tools.items():
            button.setChecked(desk.tool_id == tool)
            button.setEnabled(desk.case is not None)
        self.zone.setEnabled(desk.incident is not None and bool(desk.incident.zone))
        if not self.zone.isEnabled():
            self.zone.setToolTip(tr("The incident has no zone"))
        self.list.show_items(self.items(), self.marked)
        self.open.setVisible(self.marked.startswith(("barrier/", "road/")))
        self.open_all.setVisible(desk.is_cut)
        self.grown.emit()

    def items(self) -> list[Item]:
        """What was closed, what that cuts, what it costs, whom it cuts off."""
        desk = self.desk
        made: list[Item] = []
        if desk.is_cut:
            made.append(Item("", tr("Closed by hand"), is_head=True))
        for k, text in enumerate(desk.barriers):
            is_area = "POLYGON" in text[:12]
            name = tr("Area {number}", number=k + 1) if is_area else tr("Line {number}", number=k + 1)
            made.append(Item(f"barrier/{k}", name, "", "", "", "", "vector-polygon" if is_area else "vector-line"))
        made += [Item(f"road/{fid}", tr("Road {number}", number=fid), "", "", "", "", "road-variant") for fid in desk.closed]
        found = desk.nearest
        if found is None:
            return made
        if found.closures:
            length = sum(c.length_m for c in found.closures)
            made.append(Item("", tr("Cut: {count} places", count=len(found.closures)), kilometres(length), is_head=True))
            made += [
                Item(f"cut/{k}", c.name, kilometres(c.length_m) if c.length_m >= 1 else tr("crossing"), f"{c.class_name} · {c.reason}", "", "#c62828", "minus-thick")
                for k, c in enumerate(found.closures[:MOST])
            ]
            if len(found.closures) > MOST:
                made.append(Item("", tr("and {count} more", count=len(found.closures) - MOST), is_head=True))
        slower = [(later, r) for r in found.reaches if (later := desk.later(r)) is not None and later >= LATER_S]
        lost = [r for r in found.reaches if not r.is_reachable]
        if slower or lost:
            made.append(Item("", tr("Later because of it"), tr("time now"), is_head=True))
        made += [Item(r.resource.code, r.resource.name, minutes(None), r.reason, "", "", "truck-alert-outline", "danger") for r in lost]
        made += [
            Item(r.resource.code, r.resource.name, minutes(r.seconds), r.resource.service_name, f"+{minutes(later)}", "", "truck-alert-outline", "warn")
            for later, r in sorted(slower, key=lambda pair: -pair[0])
        ]  # fmt: skip
        gone = () if desk.plan is None else desk.plan.unreachable
        if gone:
            made.append(Item("", tr("No road leads to them"), tr("{count} villages", count=len(gone)), is_head=True))
            made += [
                Item(u.code, f"{u.name}  {u.township}", tr("{count} people", count=f"{u.people:,}") if u.people is not None else "", u.reason, "", "#8f1730", "road-variant", "danger")
                for u in gone
            ]
        if not made:
            made.append(Item("", tr("All roads are open."), is_head=True))
        return made

    def _chosen(self, code: str) -> None:
        desk = self.desk
        kind, _, number = code.partition("/")
        self.marked = code
        if kind == "cut" and desk.nearest is not None:
            way = np.array(desk.nearest.closures[int(number)].way)
            if len(way):
                desk.view.bring((*way.min(axis=0).tolist(), *way.max(axis=0).tolist()))
        elif kind == "barrier" and int(number) < len(desk.barriers):
            west, south, east, north = shapely.from_wkt(desk.barriers[int(number)]).bounds
            desk.window.canvas.show_bounds((west, south, east, north), 0.5)
        elif kind == "road":
            desk.window.cards.zoom_to("road", int(number))
        elif code:
            desk.choose(code)
        self.refresh()

    def _open(self) -> None:
        kind, _, number = self.marked.partition("/")
        self.marked = ""
        if kind == "barrier":
            self.desk.open_barrier(int(number))
        elif kind == "road":
            self.desk.close_road(int(number))

    def desk_changed(self, what: str) -> None:
        if what in ("case", "help", "plan", "roads", "tool"):
            self.refresh()
