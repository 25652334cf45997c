"""Commands with a home: what a workspace does on its own page is done there when menu or palette ask for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lydigital.commands import indicator, registry
from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui.search import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.window import Window

HOMES = {
    "framework.show": ("coverage", "frame"),
    "framework.open": ("coverage", "frame"),
    "indicator.list": ("coverage", "indicator"),
    "indicator.compute": ("coverage", "indicator"),
    "indicator.map": ("coverage", "indicator"),
    "indicator.gaps": ("coverage", "indicator"),
    "indicator.whatif": ("coverage", "site"),
    "index.compute": ("coverage", "index"),
    "index.map": ("coverage", "index"),
    "coverage.area": ("coverage", "area_step"),
    "coverage.map": ("coverage", "area_step"),
    "coverage.served": ("coverage", "area_step"),
    "coverage.access": ("coverage", "access"),
    "coverage.access_map": ("coverage", "access"),
    "coverage.failing": ("coverage", "failing"),
    "coverage.failing_map": ("coverage", "failing"),
    "coverage.report": ("coverage", "report"),
    "frame.set": ("publish", "sheet"),
    "frame.show": ("publish", "sheet"),
    "frame.export": ("publish", "view"),
    "frame.keep": ("publish", "layouts"),
    "gate.check": ("publish", "gate"),
    "layout.list": ("publish", "layouts"),
    "layout.add": ("publish", "layouts"),
    "layout.remove": ("publish", "layouts"),
    "layout.export": ("publish", "layouts"),
    "atlas.run": ("publish", "atlas"),
    "web.write": ("publish", "web"),
    "atlas.recipe": ("publish", "atlas"),
    "roster.show": ("roster", ""),
    "roster.needs": ("roster", ""),
    "farmland.compare": ("farmland", ""),
    "farmland.occupied": ("farmland", ""),
    "catalogue.show": ("catalogue", ""),
    "catalogue.export": ("catalogue", ""),
}
"""Command: its workspace, and the step of its page."""

WORKSPACES = {"hazard": "hazard", "warning": "hazard", "emergency": "emergency", "incident": "emergency", "utility": "utility",
              "roster": "roster", "farmland": "farmland", "catalogue": "catalogue"}
"""Noun: the workspace that does its commands."""


def go_home(window: Window, command_id: str) -> None:
    """Open the workspace of a command at its step."""
    from lydigital.ui.panels.steps import Step, StepsPage

    name, step = HOMES[command_id]
    window.set_workspace(name)
    page = window.cards.space(name)
    if isinstance(page, StepsPage) and isinstance(found := getattr(page, step, None), Step):
        page.come_to(found)


def way_to(window: Window, command_id: str, layer: str = "") -> Callable[[], object] | None:
    """What does a command for a system whose leading layer is ``layer``; None where only scripts and command line do."""
    command = registry.get(command_id)
    noun = command_id.partition(".")[0]
    if window.can_ask(command_id):
        return partial(window.ask, command_id)
    if noun in WORKSPACES:
        return partial(window.set_workspace, WORKSPACES[noun])
    if noun == "style" and layer:
        return partial(window.cards.show_style, layer)
    if command_id == "view.go_to":
        return window.open_palette
    return None if command.needs_input else partial(window.do, command_id)


def indicator_entries(window: Window) -> list[Entry]:
    """Every indicator by its name, for the palette."""
    if registry.get("indicator.compute").disabled(window.session) is not None:
        return []
    try:
        known = indicator.known()
    except LydError:  # told where indicators are worked out
        return []
    return [
        Entry(one.name, partial(_look, window, one.id), tr("Indicator"), "chart-bar", (one.title, one.title_en, one.id))
        for one in known
    ]  # fmt: skip


def _look(window: Window, indicator_id: str) -> None:
    from lydigital.ui.panels.coverage import CoveragePage

    go_home(window, "indicator.compute")
    page = window.cards.space("coverage")
    if isinstance(page, CoveragePage):
        page.desk.choose(indicator_id)
