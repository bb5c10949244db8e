"""Integrity rules (I-…) and legal rules (S-…) about what was done: each detector looks at the facts of one case and says what it saw.

A detector judges nothing that is not written down: it names the rows that prove what it says. Which detectors look is decided by
what has just happened (`WHEN`), so that an ordinary step of a case costs nothing.
"""

from collections.abc import Callable, Iterator

from zhengtong.approvals.cases import events as happened
from zhengtong.oversight.supervision.detectors import intake, process, records
from zhengtong.oversight.supervision.detectors.facts import CaseFacts, Gathered
from zhengtong.oversight.supervision.rulebook import InForce
from zhengtong.oversight.supervision.values import Finding

Detector = Callable[[CaseFacts], Iterator[Finding]]

DETECTORS: dict[str, Detector] = {
    "I-01": intake.refused_without_reason,
    "I-02": process.ended_without_reason,
    "I-03": process.granted_without_papers,
    "I-04": process.charges_differ,
    "I-05": intake.too_many_notices,
    "I-06": intake.supplement_before_notice,
    "I-07": records.accepted_after_decision,
    "I-08": records.ended_before_begun,
    "I-09": records.steps_differ,
    "I-10": records.steps_out_of_order,
    "S-01": intake.refused_though_complete,
    "S-02": intake.deemed,
    "S-03": intake.told_piecemeal,
    "S-04": intake.refused_without_remedy,
    "S-05": process.hearing_missing,
    "S-06": process.past_the_law,
    "S-07": records.recorded_afterwards,
    "S-09": process.charged_without_basis,
    "S-10": intake.asked_again,
    "S-11": process.suspension_unfounded,
    "S-12": intake.proof_missing,
    "S-15": process.one_person_twice,
    "S-16": records.late_or_backwards,
}
"""By rule code. I-11, S-08, S-13 and S-14 are clocks and need none."""

WHEN: dict[type[happened.CaseFact], tuple[str, ...]] = {
    happened.DefectsNotified: ("I-05", "S-03", "S-10"),
    happened.ReviewSupplementRequested: ("S-03", "S-10"),
    happened.CaseSupplemented: ("I-06", "S-16"),
    happened.CaseAccepted: ("S-02", "S-12", "S-16", "I-07"),
    happened.AcceptanceRefused: ("I-01", "S-01", "S-04", "S-12"),
    happened.CaseVoided: ("I-02",),
    happened.CaseTerminated: ("I-02",),
    happened.CaseTransferredUp: ("I-02",),
    happened.CaseSuspended: ("S-11", "S-16"),
    happened.CaseResumed: ("I-08", "S-11", "S-16"),
    happened.CaseDecided: (
        "I-03",
        "I-04",
        "I-07",
        "I-09",
        "I-10",
        "S-04",
        "S-05",
        "S-06",
        "S-07",
        "S-09",
        "S-15",
        "S-16",
    ),
    happened.CaseDelivered: ("I-04", "S-09", "S-16"),
}


def codes_for(kinds: set[type[happened.CaseFact]]) -> set[str]:
    """The detectors that look when these facts have happened."""
    return {code for kind in kinds for code in WHEN.get(kind, ())}


def look_at(case_id: int, codes: set[str], rules: InForce, gathered: Gathered | None = None) -> list[Finding]:
    """What the detectors of the enabled rules among `codes` see in a case."""
    wanted = {code: rule for code in codes if (rule := rules.rule_about(code)) is not None and code in DETECTORS}
    if not wanted:
        return []
    facts = CaseFacts(case_id, {code: rule.value for code, rule in wanted.items()}, gathered or Gathered([case_id]))
    return [finding for code in sorted(wanted) for finding in DETECTORS[code](facts)]
