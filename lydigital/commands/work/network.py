"""What commands on roads do: places and closures of the map brought to the network, answers as results of the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.commands.network import network_of

if TYPE_CHECKING:
    from lydigital.commands.network import Build
    from lydigital.model.network import BuildReport
    from lydigital.session import Session


def build(session: Session, wanted: Build) -> BuildReport:
    """The report of the map's network."""
    return network_of(session, wanted.profile, tolerance_m=wanted.tolerance_m).report
