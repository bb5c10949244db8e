"""Who may read a case and its files: the rules that `pmi` decides by and the slots that `files` offers, filled."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases import rules
from zhengtong.approvals.cases.models import Case, ChecklistItem, Paper
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.files import public as files
from zhengtong.security.pmi import public as pmi

MATERIAL, ANSWER, PAPER, EVIDENCE = "case_material", "case_answer", "case_paper", "case_evidence"


def reads_case(user: Any, case: Case | None) -> bool:
    """The applicant's side, or an official of a body that takes part."""
    if case is None or not user.is_authenticated:
        return False
    on = timezone.localdate(calendars.official_now())
    return pmi.decide(user, "cases.view" if user.is_official else "cases.follow", case, at=on).allowed


def _views(user: Any, case: Case, on: date) -> None:
    rules.may_view(case, user, on)


def _follows(user: Any, case: Case, on: date) -> None:
    rules.is_applicant(case, user, on)


def _case(case_id: int) -> Case | None:
    return Case.objects.select_related("matter", "department", "acceptance_point").filter(pk=case_id).first()


def _of_material(user: Any, owner_id: int) -> bool:
    item = ChecklistItem.objects.filter(pk=owner_id).first()
    return item is not None and reads_case(user, _case(item.case_id))


def _of_paper(user: Any, owner_id: int) -> bool:
    paper = Paper.objects.filter(pk=owner_id).first()
    return paper is not None and reads_case(user, _case(paper.case_id))


def _of_case(user: Any, owner_id: int) -> bool:
    return reads_case(user, _case(owner_id))


def register() -> None:
    """Say the rules about a case and open the slots."""
    pmi.register_rule(Case, "cases.view", _views, label=gettext_lazy("查看办件"))
    pmi.register_rule(Case, "cases.follow", _follows, label=gettext_lazy("查看自己的办件"))
    files.register_reader(MATERIAL, _of_material)
    files.register_reader(ANSWER, _of_case)
    files.register_reader(EVIDENCE, _of_case)
    files.register_reader(PAPER, _of_paper)
