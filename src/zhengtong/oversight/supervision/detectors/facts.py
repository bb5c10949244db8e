"""The facts of cases as detectors read them. Each part is fetched for a whole batch of cases when somebody first asks for it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters.public import MatterDocument
from zhengtong.oversight.supervision.sources import CHARGES
from zhengtong.oversight.supervision.values import Charge


class Gathered:
    """A batch of cases: twelve queries at most, however many there are."""

    def __init__(self, ids: Iterable[int]) -> None:
        self.ids = sorted(set(ids))

    @cached_property
    def rows(self) -> dict[int, cases.Case]:
        """The cases with what names them."""
        found = cases.Case.objects.filter(pk__in=self.ids).defer("version__document")
        related = found.select_related("version", "department", "acceptance_point")
        return {case.pk: case for case in related}

    @cached_property
    def log(self) -> dict[int, list[cases.CaseEvent]]:
        """Everything that happened, in order."""
        return self._by_case(cases.CaseEvent.objects.filter(case_id__in=self.ids).order_by("seq"))

    @cached_property
    def checklist(self) -> dict[int, list[cases.ChecklistItem]]:
        """The judgement on every paper."""
        return self._by_case(cases.ChecklistItem.objects.filter(case_id__in=self.ids).order_by("material_no"))

    @cached_property
    def notices(self) -> dict[int, list[cases.DefectNotice]]:
        """Every notice of defects, oldest first."""
        return self._by_case(cases.DefectNotice.objects.filter(case_id__in=self.ids).order_by("id"))

    @cached_property
    def suspensions(self) -> dict[int, list[cases.Suspension]]:
        """Every special procedure, oldest first."""
        return self._by_case(cases.Suspension.objects.filter(case_id__in=self.ids).order_by("id"))

    @cached_property
    def tasks(self) -> dict[int, list[cases.StepTask]]:
        """The steps in their order."""
        return self._by_case(cases.StepTask.objects.filter(case_id__in=self.ids).order_by("group_no", "id"))

    @cached_property
    def acts(self) -> dict[int, list[cases.StepAct]]:
        """Who signed what on the steps."""
        found: dict[int, list[cases.StepAct]] = defaultdict(list)
        rows = cases.StepAct.objects.filter(task__case_id__in=self.ids).select_related("task")
        for act in rows.order_by("id"):
            found[act.task.case_id].append(act)
        return found

    @cached_property
    def papers(self) -> dict[int, list[cases.Paper]]:
        """Every paper that was issued, oldest first."""
        rows = cases.Paper.objects.filter(case_id__in=self.ids).select_related("base")
        return self._by_case(rows.order_by("id"))

    @cached_property
    def clocks(self) -> dict[int, list[cases.Clock]]:
        """Every clock, oldest first."""
        return self._by_case(cases.Clock.objects.filter(case_id__in=self.ids).order_by("id"))

    @cached_property
    def charges(self) -> dict[int, list[Charge]]:
        """What was asked in money, by every system that takes any."""
        found: dict[int, list[Charge]] = {}
        for reader in CHARGES:
            for case_id, charges in reader(self.ids).items():
                found.setdefault(case_id, []).extend(charges)
        return found

    def _by_case(self, rows: Iterable[Any]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            found[row.case_id].append(row)
        return found


class CaseFacts:
    """One case of a batch. `values`: the number of each rule, by code."""

    def __init__(self, case_id: int, values: Mapping[str, int], gathered: Gathered) -> None:
        self.case_id, self.values, self._gathered = case_id, values, gathered

    @property
    def case(self) -> cases.Case:
        """The case."""
        return self._gathered.rows[self.case_id]

    @property
    def elements(self) -> MatterDocument:
        """The matter's version the case was begun with."""
        return self.case.elements

    @property
    def log(self) -> list[cases.CaseEvent]:
        """Everything that happened, in order."""
        return self._gathered.log[self.case_id]

    def events(self, *kinds: str) -> list[cases.CaseEvent]:
        """The events of these kinds, oldest first."""
        return [event for event in self.log if event.kind in kinds]

    def last(self, *kinds: str) -> cases.CaseEvent | None:
        """The newest event of these kinds."""
        found = self.events(*kinds)
        return found[-1] if found else None

    @property
    def checklist(self) -> list[cases.ChecklistItem]:
        """The judgement on every paper."""
        return self._gathered.checklist[self.case_id]

    @property
    def notices(self) -> list[cases.DefectNotice]:
        """Every notice of defects, oldest first."""
        return self._gathered.notices[self.case_id]

    @property
    def suspensions(self) -> list[cases.Suspension]:
        """Every special procedure, oldest first."""
        return self._gathered.suspensions[self.case_id]

    @property
    def tasks(self) -> list[cases.StepTask]:
        """The steps of the case in their order."""
        return self._gathered.tasks[self.case_id]

    @property
    def acts(self) -> list[cases.StepAct]:
        """Who signed what on the steps."""
        return self._gathered.acts[self.case_id]

    @cached_property
    def papers(self) -> dict[str, dict[str, Any]]:
        """What the newest paper of each kind says."""
        return {paper.kind: paper.content for paper in self._gathered.papers[self.case_id]}

    @cached_property
    def clocks(self) -> dict[str, cases.Clock]:
        """The newest clock of each kind."""
        return {clock.kind: clock for clock in self._gathered.clocks[self.case_id]}

    @cached_property
    def charges(self) -> list[Charge] | None:
        """What was asked of the applicant in money; None while no system of payments is connected, or the case is not billed yet."""
        return self._gathered.charges.get(self.case_id)
