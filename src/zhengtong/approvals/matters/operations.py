"""Every write to the catalogue: draft, edit, submit, return, publish, retire.

A department edits, the county office publishes, and never the same person (四眼). `by` None is the system itself loading data that
ships with the product or was imported by an operation that has checked its own permission.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zhengtong.approvals.matters import lint
from zhengtong.approvals.matters.events import (
    MatterDraftDiscarded,
    MatterDrafted,
    MatterEdited,
    MatterEvent,
    MatterPublished,
    MatterRetired,
    MatterReturned,
    MatterSubmitted,
)
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.approvals.matters.refusals import CannotEditMatter, CannotPublishMatter, CannotRetireMatter
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import Invalid, NotFound, StaleVersion
from zhengtong.security.pmi import public as pmi

SYSTEM = "approvals"
RETURNED_TITLE = gettext_noop("事项被退回，请修改：{matter}")


@transaction.atomic
def create_draft(*, document: MatterDocument, by: Any, at: datetime, reason: str = "") -> MatterVersion:
    """Begin a new matter, or the next version of the one with this key.

    Refuses while another draft of the matter is open, a code that another matter carries, and an unknown body.
    """
    department = organizations.get_by_code(document.department)
    _require(by, "matters.edit", department, at)
    matter = _matter_for(document, department)
    open_one = matter.versions.filter(state__in=MatterVersion.OPEN).first()
    if open_one is not None:
        raise CannotEditMatter(
            _("“{name}”已有第{n}版正在修改（{state}），请在那一版上继续，或先把它作废。").format(
                name=open_one.name, n=open_one.number, state=open_one.get_state_display()
            )
        )
    last = matter.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = MatterVersion(matter=matter, number=last + 1, edited_by=by, created_at=at, change_reason=reason[:300])
    version.put(document)
    version.save(force_insert=True)
    _publish_fact(MatterDrafted, version, by=by, at=at, reason=reason[:300])
    return version


def _matter_for(document: MatterDocument, department: Organization) -> Matter:
    matter = Matter.objects.select_for_update().filter(key=document.key).first()
    if matter is not None:
        return matter
    try:
        with transaction.atomic():
            return Matter.objects.create(
                key=document.key, department=department, implementation_code=document.implementation_code
            )
    except IntegrityError:
        sentence = _("实施编码{code}已被另一个事项使用，请核对编码。").format(code=document.implementation_code)
        raise Invalid(sentence, fields={"implementation_code": sentence}) from None


@transaction.atomic
def edit_draft(
    *,
    version_id: int,
    document: MatterDocument,
    by: Any,
    at: datetime,
    seen: int | None = None,
    reason: str | None = None,
) -> MatterVersion:
    """Change the elements of a draft or returned version. `seen`: the revision the page was made from; stale ones are refused."""
    version = _lock(version_id)
    _require(by, "matters.edit", version.matter.department, at)
    if version.state not in (MatterVersion.DRAFT, MatterVersion.RETURNED):
        raise CannotEditMatter(_("这一版现在是“{state}”，不能修改。").format(state=version.get_state_display()))
    if seen is not None and seen != version.revision:
        raise StaleVersion(_("别人刚刚改过这一版。请刷新页面，在最新内容上再改一次。"))
    if document.key != version.matter.key:
        raise Invalid(_("事项的键不能改变：它是网址和引用的依据。"), fields={"key": _("键不能改变。")})
    version.put(document)
    version.state = MatterVersion.DRAFT
    version.edited_by = by
    version.revision += 1
    if reason is not None:
        version.change_reason = reason[:300]
    version.save()
    _publish_fact(MatterEdited, version, by=by, at=at)
    return version


@transaction.atomic
def submit(*, version_id: int, by: Any, at: datetime) -> MatterVersion:
    """Hand a draft to the county office. Refuses when the check finds errors (warnings pass)."""
    version = _lock(version_id)
    _require(by, "matters.edit", version.matter.department, at)
    if version.state not in (MatterVersion.DRAFT, MatterVersion.RETURNED):
        raise CannotEditMatter(_("这一版现在是“{state}”，不能再次提交。").format(state=version.get_state_display()))
    _refuse_errors(version)
    version.state = MatterVersion.SUBMITTED
    version.submitted_at = at
    version.return_reason = ""
    version.save()
    worklists.close(subject=f"matter_version:{version.pk}", at=at)
    _publish_fact(MatterSubmitted, version, by=by, at=at)
    return version


@transaction.atomic
def return_(*, version_id: int, by: Any, at: datetime, reason: str) -> MatterVersion:
    """Send a submitted version back to its editor, with a reason."""
    version = _lock(version_id)
    _require(by, "matters.approve", version.matter.department, at)
    _must_be_submitted(version)
    if not reason.strip():
        raise Invalid(_("请写明退回的原因。"), fields={"reason": _("请写明退回的原因，让编辑人知道改哪里。")})
    version.state = MatterVersion.RETURNED
    version.return_reason = reason.strip()[:300]
    version.save()
    if version.edited_by_id:
        worklists.open(
            system=SYSTEM,
            kind="returned",
            subject=f"matter_version:{version.pk}",
            title=RETURNED_TITLE,
            params={"matter": {"zh": version.name, "en": version.name_en or version.name}},
            url=f"/catalogue/versions/{version.pk}/",
            user_id=version.edited_by_id,
            at=at,
        )
    _publish_fact(MatterReturned, version, by=by, at=at, reason=version.return_reason)
    return version


@transaction.atomic
def approve_and_publish(*, version_id: int, by: Any, at: datetime) -> MatterVersion:
    """Put a submitted version into force; the one before it is retired in the same act. Cases under way keep theirs.

    Refuses the editor as approver (四眼) and elements with errors.
    """
    version = _lock(version_id)
    _require(by, "matters.approve", version.matter.department, at)
    _must_be_submitted(version)
    if by is not None and by.pk == version.edited_by_id:
        raise CannotPublishMatter(_("这一版是您自己编辑的，不能由您审核发布。请由另一位审核人办理。"))
    _refuse_errors(version)
    matter = version.matter
    if matter.current_id:
        MatterVersion.objects.filter(pk=matter.current_id).update(state=MatterVersion.RETIRED, retired_at=at)
    version.state = MatterVersion.PUBLISHED
    version.decided_by = by
    version.published_at = at
    version.save()
    elements = version.elements
    matter.current = version
    matter.department = organizations.get_by_code(elements.department)
    matter.implementation_code = elements.implementation_code
    matter.save()
    _publish_fact(MatterPublished, version, by=by, at=at, approved_by_other=by is not None)
    return version


@transaction.atomic
def retire(*, matter_id: int, by: Any, at: datetime, reason: str) -> Matter:
    """Stop handling a matter: its guide says so and nothing new can be filed. It can be published again by a new version."""
    matter = (
        Matter.objects.select_for_update(of=("self",))
        .select_related("current", "department")
        .filter(pk=matter_id)
        .first()
    )
    if matter is None or matter.current is None:
        raise CannotRetireMatter(_("这个事项没有现行版本，不需要停用。"))
    _require(by, "matters.approve", matter.department, at)
    if not reason.strip():
        raise Invalid(_("请写明停用的原因。"), fields={"reason": _("请写明停用的原因，例如依据的文件。")})
    version = matter.current
    version.state = MatterVersion.RETIRED
    version.retired_at = at
    version.save(update_fields=["state", "retired_at"])
    matter.current = None
    matter.save(update_fields=["current"])
    _publish_fact(MatterRetired, version, by=by, at=at, reason=reason.strip()[:300])
    return matter


@transaction.atomic
def discard_draft(*, version_id: int, by: Any, at: datetime) -> None:
    """Throw away a version that was never published; the matter itself goes with its last version."""
    version = _lock(version_id)
    _require(by, "matters.edit", version.matter.department, at)
    if version.state not in (MatterVersion.DRAFT, MatterVersion.RETURNED):
        raise CannotEditMatter(_("这一版现在是“{state}”，不能作废。").format(state=version.get_state_display()))
    matter = version.matter
    _publish_fact(MatterDraftDiscarded, version, by=by, at=at)
    worklists.close(subject=f"matter_version:{version.pk}", at=at)
    version.delete()
    if not matter.versions.exists():
        matter.delete()


@transaction.atomic
def publish_as_system(*, document: MatterDocument, at: datetime, reason: str = "") -> MatterVersion:
    """Draft, submit and publish in one transaction as the system: for data that ships with the product and for the demo county."""
    version = create_draft(document=document, by=None, at=at, reason=reason)
    submit(version_id=version.pk, by=None, at=at)
    return approve_and_publish(version_id=version.pk, by=None, at=at)


# --- shared by the verbs ------------------------------------------------------------------------------------------------


def _require(by: Any, permission: str, organization: Organization, at: datetime) -> None:
    if by is not None:
        pmi.require(by, permission, organization=organization, on=timezone.localdate(at))


def _lock(version_id: int) -> MatterVersion:
    found = MatterVersion.objects.filter(pk=version_id).values_list("matter_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有这个事项版本，可能已被作废。"))
    matter = Matter.objects.select_for_update(of=("self",)).select_related("department").get(pk=found)
    version = MatterVersion.objects.select_for_update().filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("没有这个事项版本，可能已被作废。"))
    version.matter = matter
    return version


def _must_be_submitted(version: MatterVersion) -> None:
    if version.state != MatterVersion.SUBMITTED:
        raise CannotPublishMatter(
            _("这一版现在是“{state}”，不在待审核中。请刷新页面查看。").format(state=version.get_state_display())
        )


def _refuse_errors(version: MatterVersion) -> None:
    errors = [finding for finding in lint.lint(version.elements) if finding.level == lint.ERROR]
    if errors:
        raise CannotPublishMatter(
            _("检查发现{n}处错误，改正后才能继续。第一处：{first}").format(n=len(errors), first=errors[0].message),
            fields={finding.where or finding.code: finding.message for finding in errors},
        )


def _publish_fact(kind: type[MatterEvent], version: MatterVersion, *, by: Any, at: datetime, **more: Any) -> None:
    fact = kind(
        matter_id=version.matter_id,
        version_id=version.pk,
        key=version.matter.key,
        number=version.number,
        actor_id=by.pk if by is not None else None,
        **more,
    )
    events.publish(fact, at=at)
