"""Who may do what with a warning: the people of an office and its rules, as its settings say.

This is a rule of the office, kept on the machine of each desk: it guards against mistakes, not against people who
edit their settings. A shared server has to enforce it.
"""

from __future__ import annotations

import msgspec

from lydigital.model.publishing import Publishing
from lydigital.model.warning import Role  # noqa: TC001 - msgspec resolves it at run time


class Person(msgspec.Struct, frozen=True):
    """Whoever sits here."""

    name: str
    roles: tuple[Role, ...] = ("duty",)


class Office(msgspec.Struct, frozen=True):
    """People and rules.

    Attributes
    ----------
    people
        Roles by name. Whoever is not named is on duty and no more: a warning is never published by default.
    apart
        Whether whoever prepared a warning may neither review nor sign it.
    publishes_blue
        Whether blue is published; by rule it is for internal use.
    issuers
        Named in every issue.
    whole_share
        Part of a county's area from which on it is 大部 and not 局部.
    begins_at
        Hour, Beijing time, at which validity begins and ends.
    alarm_minutes
        Minutes before the end of validity at which the desk is told.
    publishing
        Who the office is in messages, and where products are handed over.
    """

    people: dict[str, tuple[Role, ...]] = {}
    apart: bool = True
    publishes_blue: bool = False
    issuers: tuple[str, ...] = ("洛阳市自然资源和规划局",)
    whole_share: float = 0.5
    begins_at: int = 20
    alarm_minutes: int = 60
    publishing: Publishing = Publishing()

    def person(self, name: str) -> Person:
        """Whoever is called ``name``."""
        return Person(name, self.people.get(name, ("duty",)))
