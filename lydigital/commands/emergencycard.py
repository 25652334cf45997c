"""What emergency work has on paper: the response plan sheet of an incident, the emergency cards of townships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.commands.emergency import MakePlan
from lydigital.commands.network import Roads, no_roads
from lydigital.commands.registry import Command, later
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.session import Session


class PlanSheet(MakePlan, frozen=True, kw_only=True):
    """The plan as a file: ``output`` ends in .pdf, .docx, .html, .xlsx or .json. ``maps`` False leaves out the map."""

    output: str
    maps: bool = True


class Cards(Roads, frozen=True, kw_only=True):
    """Emergency cards, one A4 page a township.

    Parameters
    ----------
    output
        A .pdf file for all of them, or a folder for a file each: what is finished there stays when the work stops, and the
        next time only the others are made.
    townships
        Codes or names; all unless named.
    county
        Only those of this county, by code or name.
    anew
        Make those again that stand in the folder already.
    personal
        Names and numbers of people without stars, where the office allows it.
    relief
        Shaded relief under the map.
    """

    output: str
    townships: tuple[str, ...] = ()
    county: str = ""
    anew: bool = False
    personal: bool = False
    relief: bool = True


def _no_cards(session: Session) -> str | None:
    if session.ref("township") is None:
        return tr("The map has no layer {layer}", layer="township")
    return no_roads(session)


COMMANDS = (
    Command("emergency.plan_sheet", "Response plan sheet", later("plansheet", "sheet"), PlanSheet, disabled=no_roads, icon="file-document-alert-outline"),
    Command("emergency.cards", "Township emergency cards", later("emergencycard", "write"), Cards, disabled=_no_cards, icon="card-account-phone-outline"),
)  # fmt: skip
