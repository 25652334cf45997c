"""The response plan of an incident put on paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lydigital.commands import emergency as verbs
from lydigital.commands.layout import material_of
from lydigital.commands.work import emergency
from lydigital.commands.work.emergencycard import symbols_of
from lydigital.errors import UsageError
from lydigital.model.crs import Crs
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.emergencycard import PlanSheet
    from lydigital.model.emergency import Plan
    from lydigital.session import Session


def sheet(session: Session, wanted: PlanSheet) -> dict[str, Any]:
    """Make the plan and write it."""
    from lydigital.publish import plan_sheet

    path = Path(wanted.output).absolute()
    if path.suffix.lower() not in plan_sheet.KINDS:
        raise UsageError("{path} has no ending that says what to write", hint="End it in {known}.", path=wanted.output, known=" ".join(plan_sheet.KINDS))
    plan = emergency.plan(session, wanted)
    return written(session, plan, path, maps=wanted.maps)


def written(session: Session, plan: Plan, path: Path, *, maps: bool = True) -> dict[str, Any]:
    """A plan that is there already as a file; what was written."""
    from lydigital.publish import plan_sheet

    picture = b""
    if maps and path.suffix.lower() not in (".xlsx", ".json"):
        from lydigital.publish import cardmap, planmap

        session.progressed.emit(tr("Drawing"), 0.8)
        approval = session.office.publishing.approval
        picture = planmap.png(plan, Crs(session.document.crs), cardmap.scene_of(session.scene), symbols_of(session), approval=approval)
    stamps = material_of(session).stamps[0][:1]
    plan_sheet.write(plan, path, picture, stamps)
    session.progressed.emit(tr("Done"), 1.0)
    values = verbs.values_of(plan)
    return {
        "output": str(path), "title": plan.incident.title, "sample": plan.is_sample, "situation": list(plan.situation), "dispatch": len(plan.dispatch),
        "moves": 0 if plan.allocation is None else len(plan.allocation.moves), "unreachable": len(plan.unreachable), "issues": values["issues"],
    }  # fmt: skip
