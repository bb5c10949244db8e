"""Let the detectors look at a case after something has happened, and issue what they saw."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from zhengtong.approvals.cases import public as cases
from zhengtong.foundation.calendars import public as calendars
from zhengtong.oversight.supervision import detectors
from zhengtong.oversight.supervision.detectors.facts import Gathered
from zhengtong.oversight.supervision.drawing import Drawn, card_about
from zhengtong.oversight.supervision.operations import issuing
from zhengtong.oversight.supervision.operations.following import follow
from zhengtong.oversight.supervision.rulebook import InForce, in_force
from zhengtong.oversight.supervision.values import Finding


@transaction.atomic
def examine(*, codes: Mapping[int, Iterable[str]], now: datetime) -> int:
    """Look at these cases with the detectors of these rules; how many cards were new. What happened before the rules is no offence."""
    rules = in_force()
    if rules is None or not codes:
        return 0
    gathered = Gathered(codes)
    drawn = [one for case_id, some in codes.items() for one in drawn_for(case_id, set(some), rules, gathered)]
    issued = issuing.issue(drawn=drawn, rules=rules, now=now)
    follow(issued, rules, calendars.current(), now=now)
    return len(issued)


def drawn_for(case_id: int, codes: set[str], rules: InForce, gathered: Gathered) -> list[Drawn]:
    """The cards a case of the batch deserves by these rules."""
    found = detectors.look_at(case_id, codes, rules, gathered)
    if rules.since is not None:
        found = [one for one in found if one.at >= rules.since]
    return [_card(one, gathered.rows[case_id], rules) for one in found]


def _card(one: Finding, case: cases.Case, rules: InForce) -> Drawn:
    at_door = one.organization_id == case.acceptance_point_id and one.organization_id != case.department_id
    local = case.acceptance_point.kind == "township"
    role = ("township_officer" if local else "window_officer") if at_door else "department_head"
    return card_about(
        one,
        rules.by_code[one.code],
        rules,
        source="cases",
        subject=f"case:{case.pk}",
        organization_id=case.department_id,
        title={"zh": case.version.name, "en": case.version.name_en or case.version.name},
        url=f"/cases/{case.pk}/",
        number=case.spoken_number or "",
        role=role,
    )
