"""Taking an upload back while it may still be changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import rules
from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.cases.operations.filing import MATERIAL
from zhengtong.approvals.cases.operations.recording import lock
from zhengtong.approvals.cases.readers import ANSWER
from zhengtong.approvals.cases.refusals import CannotSubmit
from zhengtong.approvals.cases.states import State
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import NotFound


@transaction.atomic
def take_back_file(*, case_id: int, public_id: UUID, by: Any, at: datetime) -> None:
    """Remove an upload from a draft, or one made since an open notice was issued; the bytes stay as evidence.

    Raises `NotFound` for a file of another case, `CannotSubmit` when the file has already been received.
    """
    case = lock(case_id)
    rules.is_applicant(case, by, timezone.localdate(at))
    rows = list(case.checklist.values_list("pk", flat=True))
    mine = files.Attachment.objects.filter(public_id=public_id, removed_at__isnull=True)
    of_material = mine.filter(owner_kind=MATERIAL, owner_id__in=rows)
    found = (of_material | mine.filter(owner_kind=ANSWER, owner_id=case.pk)).first()
    if found is None:
        raise NotFound(_("没有找到这个文件，它可能已经移除。请刷新页面。"))
    if not _may_change(case, found):
        raise CannotSubmit(_("这个文件已经随申请提交，不能移除。需要更换的，请联系受理窗口。"))
    files.remove(attachment=found, at=at)
    if found.owner_kind == ANSWER:
        _forget_mark(case, str(public_id))


def _may_change(case: Case, attachment: files.Attachment) -> bool:
    if case.state == State.DRAFT:
        return True
    notice = case.defect_notices.filter(answered_at__isnull=True, lapsed_at__isnull=True).order_by("-id").first()
    return notice is not None and attachment.uploaded_at >= notice.issued_at


def _forget_mark(case: Case, mark: str) -> None:
    case.answers = {
        key: [one for one in value if one != mark] if isinstance(value, list) and mark in value else value
        for key, value in case.answers.items()
    }
    case.save(update_fields=["answers"])
