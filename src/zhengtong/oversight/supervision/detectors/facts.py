"""The facts of one case as detectors read them: each part is fetched once, when somebody first asks."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters.public import MatterDocument
from zhengtong.oversight.supervision.sources import CHARGES
from zhengtong.oversight.supervision.values import Charge


class CaseFacts:
    """One case with its log, papers, notices, steps and suspensions. `values`: the number of each rule, by code."""

    def __init__(self, case_id: int, values: Mapping[str, int]) -> None:
        self.case_id, self.values = case_id, values

    @cached_property
    def case(self) -> cases.Case:
        """The case."""
        return cases.get(self.case_id)

    @property
    def elements(self) -> MatterDocument:
        """The matter's version the case was begun with."""
        return self.case.elements

    @cached_property
    def log(self) -> list[cases.CaseEvent]:
        """Everything that happened, in order."""
        return list(cases.CaseEvent.objects.filter(case_id=self.case_id).order_by("seq"))

    def events(self, *kinds: str) -> list[cases.CaseEvent]:
        """The events of these kinds, oldest first."""
        return [event for event in self.log if event.kind in kinds]

    def last(self, *kinds: str) -> cases.CaseEvent | None:
        """The newest event of these kinds."""
        found = self.events(*kinds)
        return found[-1] if found else None

    @cached_property
    def checklist(self) -> list[cases.ChecklistItem]:
        """The judgement on every paper."""
        return list(cases.ChecklistItem.objects.filter(case_id=self.case_id).order_by("material_no"))

    @cached_property
    def notices(self) -> list[cases.DefectNotice]:
        """Every notice of defects, oldest first."""
        return list(cases.DefectNotice.objects.filter(case_id=self.case_id).order_by("id"))

    @cached_property
    def suspensions(self) -> list[cases.Suspension]:
        """Every special procedure, oldest first."""
        return list(cases.Suspension.objects.filter(case_id=self.case_id).order_by("id"))

    @cached_property
    def tasks(self) -> list[cases.StepTask]:
        """The steps of the case in their order."""
        return list(cases.StepTask.objects.filter(case_id=self.case_id).order_by("group_no", "id"))

    @cached_property
    def acts(self) -> list[cases.StepAct]:
        """Who signed what on the steps."""
        return list(cases.StepAct.objects.filter(task__case_id=self.case_id).select_related("task").order_by("id"))

    @cached_property
    def papers(self) -> dict[str, dict[str, Any]]:
        """What the newest paper of each kind says."""
        rows = cases.Paper.objects.filter(case_id=self.case_id).select_related("base").order_by("id")
        return {paper.kind: paper.content for paper in rows}

    @cached_property
    def clocks(self) -> dict[str, cases.Clock]:
        """The newest clock of each kind."""
        return {clock.kind: clock for clock in cases.Clock.objects.filter(case_id=self.case_id).order_by("id")}

    @cached_property
    def charges(self) -> list[Charge] | None:
        """What was asked of the applicant in money; None while no system of payments is connected."""
        return [charge for reader in CHARGES for charge in reader(self.case_id)] if CHARGES else None
