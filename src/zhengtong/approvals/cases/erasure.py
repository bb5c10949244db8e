"""What an erasure does with a person's cases (个人信息保护法 第四十七条), and all of them as plain data for their owner.

Files of decisions are archives: thirty years from their end (机关文件材料归档范围和文书档案保管期限规定). What ended without a
decision is kept while somebody may still sue: five years (行政诉讼法 第四十六条). Kept means stored and not used. The periods are
data (`vault/data/retention.json`, and what two people changed); when they are over the vault's job takes values and attachments away.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.models import Case, ChecklistItem, Paper
from zhengtong.approvals.cases.operations.filing import drop_draft
from zhengtong.approvals.cases.readers import ANSWER, EVIDENCE, MATERIAL
from zhengtong.approvals.cases.states import EXITS, OPEN, State
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files.models import Attachment
from zhengtong.security.vault import public as vault

_ENDED = EXITS - {State.ARCHIVED}
_DECIDED, _UNDECIDED = "cases.decided", "cases.undecided"

DRAFTS_IN_USE: list[Callable[[], Q]] = []
"""Filled by apps above: the drafts that belong to something of theirs, which says itself when it ends."""


def keep_drafts(which: Callable[[], Q]) -> None:
    """Leave these drafts alone until the app above lets go of them."""
    DRAFTS_IN_USE.append(which)


def _closed_or_delivered_before(moment: datetime) -> Q:
    """The file of a decision runs from its end; one that nobody closed, from the delivery."""
    return Q(closed_at__isnull=False, closed_at__lt=moment) | Q(
        closed_at__isnull=True, delivered_at__isnull=False, delivered_at__lt=moment
    )


def retained(at: datetime) -> Q:
    """The cases whose values the law keeps at that moment."""
    decided = Q(decided_at__isnull=False) & ~_closed_or_delivered_before(vault.kept_since(_DECIDED, at))
    ended = Q(state__in=_ENDED, decided_at__isnull=True, submitted_at__isnull=False)
    ended &= Q(closed_at__isnull=True) | Q(closed_at__gte=vault.kept_since(_UNDECIDED, at))
    return Q(state__in=OPEN) | decided | ended


def _of(person_id: int) -> QuerySet[Case]:
    return Case.objects.filter(applicant_user_id=person_id)


def _erasable(person_id: int, at: datetime) -> QuerySet[Case]:
    kept = Case.objects.filter(retained(at)).values("pk")
    return _of(person_id).exclude(pk__in=kept).filter(seal__isnull=False)


def _attachments(cases: QuerySet[Case]) -> QuerySet[Attachment]:
    ids = list(cases.values_list("pk", flat=True))
    materials = list(ChecklistItem.objects.filter(case_id__in=ids).values_list("pk", flat=True))
    mine = Q(owner_kind__in=(ANSWER, EVIDENCE), owner_id__in=ids) | Q(owner_kind=MATERIAL, owner_id__in=materials)
    return Attachment.objects.filter(mine, erased_at__isnull=True).select_related("stored")


def says(person_id: int, at: datetime) -> list[vault.Part]:
    """Part by part: what is open, what goes, what stays and by which article."""
    mine, going = _of(person_id), _erasable(person_id, at)
    stays = mine.filter(retained(at)).exclude(state__in=OPEN)
    archive = _("许可案卷和证照在归档保存期内（结案后{time}），只保存，不再使用").format(time=vault.kept_for(_DECIDED))
    suit = _("没有作出决定的，结束后保存{time}，供行政复议和诉讼核对（行政诉讼法第四十六条）").format(
        time=vault.kept_for(_UNDECIDED)
    )
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


# --- What ends by itself ---------------------------------------------------------------------------------------------


def _decided_before(moment: datetime) -> QuerySet[Case]:
    rows = Case.objects.filter(_closed_or_delivered_before(moment), seal__isnull=False, decided_at__isnull=False)
    return rows.exclude(state__in=OPEN)


def _undecided_before(moment: datetime) -> QuerySet[Case]:
    ended = Case.objects.filter(seal__isnull=False, state__in=_ENDED, submitted_at__isnull=False)
    return ended.filter(decided_at__isnull=True, closed_at__lt=moment)


def _drafts_before(moment: datetime) -> QuerySet[Case]:
    """Drafts begun before, without an attachment since, of somebody who has not signed in since; and those taken back before."""
    since = Q(filed_by__last_login__gte=moment) | Q(applicant_user__last_login__gte=moment)
    mine = Attachment.objects.filter(uploaded_at__gte=moment, erased_at__isnull=True)
    answers = mine.filter(owner_kind=ANSWER, owner_id=OuterRef("pk"))
    materials = mine.filter(
        owner_kind=MATERIAL, owner_id__in=ChecklistItem.objects.filter(case=OuterRef(OuterRef("pk"))).values("pk")
    )
    untouched = Q(state=State.DRAFT) & ~since & ~Exists(answers) & ~Exists(materials)
    taken_back = Q(state=State.WITHDRAWN, closed_at__lt=moment)
    rows = Case.objects.filter(untouched | taken_back, seal__isnull=False, submitted_at__isnull=True)
    rows = rows.filter(created_at__lt=moment)
    for which in DRAFTS_IN_USE:
        rows = rows.exclude(which())
    return rows


def _end(ids: Sequence[int], at: datetime) -> vault.Deleted:
    rows = Case.objects.filter(pk__in=ids)
    gone = files.erase(attachments=_attachments(rows), at=at)
    return vault.Deleted(vault.destroy_seals(rows=rows), gone)


def _end_nameless(ids: Sequence[int], at: datetime) -> vault.Deleted:
    """Values, attachments, and the name: nothing was decided about anybody. The history stays, with numbers."""
    Case.objects.filter(pk__in=ids).update(applicant_name=_("已按规定删除"))
    return _end(ids, at)


def _end_drafts(ids: Sequence[int], at: datetime) -> vault.Deleted:
    for case_id in Case.objects.filter(pk__in=ids, state=State.DRAFT).values_list("pk", flat=True):
        drop_draft(case_id=case_id, at=at, reason="长期没有提交，保存期满")
    return _end_nameless(ids, at)


def _notices_of_open_cases(at: datetime) -> Q:
    named = Concat(Value("case:"), Cast("pk", CharField()), output_field=CharField())
    return Q(subject__in=Case.objects.filter(state__in=OPEN).annotate(named=named).values("named"))


def register() -> None:
    """Fill the slots of the vault."""
    for key, due, end in (
        (_DECIDED, _decided_before, _end),
        (_UNDECIDED, _undecided_before, _end_nameless),
        ("cases.drafts", _drafts_before, _end_drafts),
    ):
        vault.RETENTIONS[key] = vault.Retention(due, end, ("cases.Case",))
    vault.RETAINED["notices.Notice"] = _notices_of_open_cases
    vault.RETAINED["cases.Case"] = retained
    vault.HOLDINGS["cases"] = vault.Holding(says, erase, export)
