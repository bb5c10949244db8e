"""What an erasure does with a person's cases (个人信息保护法 第四十七条), and all of them as plain data for their owner.

Files of decisions are archives: thirty years from their end (机关文件材料归档范围和文书档案保管期限规定). What ended without a
decision is kept while somebody may still sue: five years (行政诉讼法 第四十六条). Kept means stored and not used.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.models import Case, ChecklistItem, Paper
from zhengtong.approvals.cases.readers import ANSWER, MATERIAL
from zhengtong.approvals.cases.states import EXITS, OPEN, State
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files.models import Attachment
from zhengtong.security.vault import public as vault

DECIDED_KEPT, OTHERS_KEPT = timedelta(days=30 * 365 + 7), timedelta(days=5 * 365 + 1)
_ENDED = EXITS - {State.ARCHIVED}


def retained(at: datetime) -> Q:
    """The cases whose values the law keeps at that moment."""
    decided = Q(decided_at__isnull=False) & (Q(closed_at__isnull=True) | Q(closed_at__gt=at - DECIDED_KEPT))
    ended = Q(state__in=_ENDED, decided_at__isnull=True, submitted_at__isnull=False)
    ended &= Q(closed_at__isnull=True) | Q(closed_at__gt=at - OTHERS_KEPT)
    return Q(state__in=OPEN) | decided | ended


def _of(person_id: int) -> QuerySet[Case]:
    return Case.objects.filter(applicant_user_id=person_id)


def _erasable(person_id: int, at: datetime) -> QuerySet[Case]:
    kept = Case.objects.filter(retained(at)).values("pk")
    return _of(person_id).exclude(pk__in=kept).filter(seal__isnull=False)


def _attachments(cases: QuerySet[Case]) -> QuerySet[Attachment]:
    ids = list(cases.values_list("pk", flat=True))
    materials = list(ChecklistItem.objects.filter(case_id__in=ids).values_list("pk", flat=True))
    mine = Q(owner_kind=ANSWER, owner_id__in=ids) | Q(owner_kind=MATERIAL, owner_id__in=materials)
    return Attachment.objects.filter(mine, erased_at__isnull=True).select_related("stored")


def says(person_id: int, at: datetime) -> list[vault.Part]:
    """Part by part: what is open, what goes, what stays and by which article."""
    mine, going = _of(person_id), _erasable(person_id, at)
    stays = mine.filter(retained(at)).exclude(state__in=OPEN)
    archive = _("许可案卷和证照在归档保存期内（结案后30年），只保存，不再使用")
    suit = _("没有作出决定的，结束后保存5年，供行政复议和诉讼核对（行政诉讼法第四十六条）")
    return [
        vault.Part(
            _("正在办理的事项"),
            mine.filter(state__in=OPEN).count(),
            False,
            _("办理目的还没有实现，先办结或撤回"),
            blocks=True,
        ),
        vault.Part(_("草稿和保存期已满的办件"), going.count(), True),
        vault.Part(_("这些办件的附件"), _attachments(going).count(), True),
        vault.Part(_("作过决定的办件和附件"), stays.filter(decided_at__isnull=False).count(), False, archive),
        vault.Part(_("没有作出决定就结束的办件和附件"), stays.filter(decided_at__isnull=True).count(), False, suit),
        vault.Part(_("已签发的文书和证照"), Paper.objects.filter(case__in=mine).count(), False, archive),
    ]


def erase(person_id: int, at: datetime) -> int:
    """Delete the attachments of what goes; the vault makes the values unreadable."""
    return files.erase(attachments=_attachments(_erasable(person_id, at)), at=at)


def export(person_id: int) -> dict[str, Any]:
    """Every case with what was answered, its papers and attachments."""
    rows = _of(person_id).select_related("matter").order_by("pk")
    return {"cases": [_exported(case) for case in rows]}


def _exported(case: Case) -> dict[str, Any]:
    times = ("created_at", "submitted_at", "received_at", "accepted_at", "decided_at", "delivered_at", "closed_at")
    return {
        "number": case.number,
        "matter": str(case.matter),
        "state": str(State(case.state).label),
        "applicant_name": case.applicant_name,
        "applicant_id_number": str(case.applicant_id_number),
        "applicant_phone": str(case.applicant_phone),
        "applicant_address": str(case.applicant_address),
        "answers": dict(case.answers),
        "corrections": dict(case.corrections),
        **{name: getattr(case, name) for name in times},
        "papers": [{"title": paper.title, "number": paper.number} for paper in Paper.objects.filter(case=case)],
        "attachments": [
            {"name": one.name, "size": one.stored.size} for one in _attachments(Case.objects.filter(pk=case.pk))
        ],
    }


def register() -> None:
    """Fill the slots of the vault."""
    vault.RETAINED["cases.Case"] = retained
    vault.HOLDINGS["cases"] = vault.Holding(says, erase, export)
