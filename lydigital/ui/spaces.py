"""The workspaces: what stands in the card in each of them, and who makes it.

A workspace is one line of :data:`SPACES`, a desk (:mod:`lydigital.ui.desk`) and a :class:`SpacePage`; window and card
know nothing else of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from lydigital.ui.widgets import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.window import Window


class SpacePage(Page):
    """The page of a workspace in the card."""

    closed = Signal()
    resized = Signal()

    def entered(self) -> None:
        """The page came up."""

    def left(self) -> None:
        """Another workspace is shown now: nothing of this one may lie over the map."""

    def click(self, x: float, y: float) -> bool:
        """A click on the map at ``x, y`` in map units; True when the page took it."""
        return False

    def operator_changed(self) -> None:
        """Somebody else sits here."""

    def document_changed(self) -> None:
        """The map is another one by a step."""

    def document_replaced(self) -> None:
        """Another map is open: nothing of the old one may stay."""

    def retranslate(self) -> None:
        """Say everything in the language of the day."""


def _hazard(window: Window) -> SpacePage:
    from lydigital.ui.panels.hazard import HazardPage
    from lydigital.ui.warningdesk import WarningDesk

    return HazardPage(WarningDesk(window))


def _coverage(window: Window) -> SpacePage:
    from lydigital.ui.coveragedesk import CoverageDesk
    from lydigital.ui.panels.coverage import CoveragePage

    return CoveragePage(CoverageDesk(window))


def _emergency(window: Window) -> SpacePage:
    from lydigital.ui.emergencydesk import EmergencyDesk
    from lydigital.ui.panels.emergency import EmergencyPage

    return EmergencyPage(EmergencyDesk(window))


def _utility(window: Window) -> SpacePage:
    from lydigital.ui.panels.utility import UtilityPage
    from lydigital.ui.utilitydesk import UtilityDesk

    return UtilityPage(UtilityDesk(window))


def _publish(window: Window) -> SpacePage:
    from lydigital.ui.panels.publish import PublishPage
    from lydigital.ui.publishdesk import PublishDesk

    return PublishPage(PublishDesk(window))


def _roster(window: Window) -> SpacePage:
    from lydigital.ui.panels.roster import RosterPage
    from lydigital.ui.societydesk import RosterDesk

    return RosterPage(RosterDesk(window))


def _farmland(window: Window) -> SpacePage:
    from lydigital.ui.panels.farmland import FarmlandPage
    from lydigital.ui.societydesk import FarmlandDesk

    return FarmlandPage(FarmlandDesk(window))


def _catalogue(window: Window) -> SpacePage:
    from lydigital.ui.panels.catalogue import CataloguePage
    from lydigital.ui.societydesk import CatalogueDesk

    return CataloguePage(CatalogueDesk(window))


SPACES: dict[str, Callable[[Window], SpacePage]] = {
    "hazard": _hazard,
    "coverage": _coverage,
    "emergency": _emergency,
    "publish": _publish,
    "utility": _utility,
    "roster": _roster,
    "farmland": _farmland,
    "catalogue": _catalogue,
}
