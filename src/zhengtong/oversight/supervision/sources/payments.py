"""What applicants were asked for in money: the lines of bills, for the rules about fees (I-04, S-09)."""

from collections.abc import Collection

from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.greenway import public as greenway
from zhengtong.oversight.supervision.sources import register_charges
from zhengtong.oversight.supervision.sources.cases import number_of
from zhengtong.oversight.supervision.values import Charge


def charges(case_ids: Collection[int]) -> dict[int, list[Charge]]:
    """The lines of every bill that stands, by case; three queries.

    A branch is billed with its stage, when the whole is accepted: one that was decided before is left out until then.
    """
    early = greenway.Branch.objects.filter(case_id__in=case_ids, joint__accepted_at__isnull=True)
    waiting = set(early.values_list("case_id", flat=True))
    found: dict[int, list[Charge]] = {case_id: [] for case_id in case_ids if case_id not in waiting}
    for line in fees.charged_for(f"case:{case_id}" for case_id in found):
        asked = line.bill.state != fees.State.DRAFT
        charge = Charge(line.name, f"{line.payable:.2f}", line.basis, asked=asked)
        found[number_of(line.source or line.bill.subject)].append(charge)
    return found


def register() -> None:
    """Let the rules about fees see the bills."""
    register_charges(charges)
