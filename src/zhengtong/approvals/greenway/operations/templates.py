"""Templates: begin the next version, edit it, hand it in, send it back, publish it. Who edited one never approves it (四眼).

What is in force changes by publishing alone, and only for what is begun from then on: a running project keeps its version.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zhengtong.approvals.greenway import events, linting
from zhengtong.approvals.greenway.models import Template, TemplateDraft, TemplateVersion
from zhengtong.approvals.greenway.plans import StagePlan, TemplateDocument, shipped
from zhengtong.approvals.greenway.refusals import CannotChangeTemplate
from zhengtong.foundation.events import public as outbox
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import Invalid, NotFound, StaleVersion
from zhengtong.security.pmi import public as pmi

SYSTEM = "greenway"
RETURNED_TITLE = gettext_noop("联合办理模板被退回，请修改：{template}")


@transaction.atomic
def publish_template(
    *, document: TemplateDocument, reason: str, by: Any, at: datetime, edited_by: Any = None
) -> TemplateVersion:
    """Publish a version of a template. Raises `Invalid` with everything that is wrong with it."""
    found = linting.errors(document)
    if found:
        raise Invalid("；".join(found))
    return _put_in_force(document, reason=reason, by=by, at=at, edited_by=edited_by)


def _put_in_force(document: TemplateDocument, *, reason: str, by: Any, at: datetime, edited_by: Any) -> TemplateVersion:
    template, _created = Template.objects.select_for_update().get_or_create(
        key=document.key, defaults={"kind": document.kind}
    )
    last = template.versions.order_by("-number").first()
    version = TemplateVersion.objects.create(
        template=template,
        number=last.number + 1 if last else 1,
        name=document.name,
        name_en=document.name_en,
        document=document.model_dump(mode="json"),
        reason=reason,
        published_at=at,
        published_by=by,
        edited_by=edited_by,
    )
    template.current = version
    template.save(update_fields=["current"])
    fact = events.TemplatePublished(
        key=document.key,
        number=version.number,
        actor_id=by.pk if by else None,
        approved_by_other=by is not None and edited_by is not None,
    )
    outbox.publish(fact, at=at)
    return version


def publish_shipped(*, at: datetime) -> int:
    """Publish the templates that come with the product and are not there yet; how many. Those without their matters are left out."""
    known = linting.known_matters()
    there = set(Template.objects.values_list("key", flat=True))
    fitting = [d for d in shipped() if d.key not in there and not linting.errors(d, known)]
    for document in fitting:
        with transaction.atomic():
            _put_in_force(document, reason="首次发布", by=None, at=at, edited_by=None)
    return len(fitting)


@transaction.atomic
def begin_draft(*, key: str, by: Any, at: datetime, reason: str = "") -> TemplateDraft:
    """Begin the next version from the one in force, or go on with the one that is open."""
    template = Template.objects.select_for_update(of=("self",)).select_related("current").filter(key=key).first()
    if template is None or template.current is None:
        raise NotFound(_("没有这个联合办理模板。"))
    may_edit(by, template.current.plan, at)
    open_one = TemplateDraft.objects.filter(key=key).first()
    if open_one is not None:
        return open_one
    document = template.current.plan
    return _begun(document, base=template.current, by=by, at=at, reason=reason)


@transaction.atomic
def begin_new(
    *, key: str, kind: str, name: str, lead_department: str, by: Any, at: datetime, reason: str = ""
) -> TemplateDraft:
    """Begin a template of one's own, with one empty stage."""
    if Template.objects.filter(key=key).exists() or TemplateDraft.objects.filter(key=key).exists():
        problem = _("这个键已经有模板用了，请换一个。")
        raise Invalid(problem, fields={"key": problem})
    stage = StagePlan(no=1, key="stage-1", name=name, lead_department=lead_department, limit_workdays=20, branches=())
    document = TemplateDocument.model_validate(
        {
            "key": key,
            "kind": kind,
            "name": name,
            "audiences": ["2"] if kind == "project" else ["1", "2"],
            "lead_department": lead_department,
            "stages": [stage.model_dump(mode="json")],
        }
    )
    may_edit(by, document, at)
    return _begun(document, base=None, by=by, at=at, reason=reason)


def _begun(
    document: TemplateDocument, *, base: TemplateVersion | None, by: Any, at: datetime, reason: str
) -> TemplateDraft:
    draft = TemplateDraft.objects.create(
        key=document.key,
        base=base,
        document=document.model_dump(mode="json"),
        reason=reason[:200],
        edited_by=by,
        editors=[by.pk],
        created_at=at,
    )
    _tell(events.TemplateDrafted, draft, by=by, at=at, reason=reason[:200])
    return draft


@transaction.atomic
def edit_draft(
    *,
    draft_id: int,
    document: TemplateDocument,
    by: Any,
    at: datetime,
    seen: int | None = None,
    reason: str | None = None,
) -> TemplateDraft:
    """Keep what was changed on a page. Key and kind stay as they are."""
    draft = _open(draft_id)
    may_edit(by, draft.plan, at)
    may_edit(by, document, at)
    if seen is not None and seen != draft.revision:
        raise StaleVersion(_("这份草稿已被别人改过，请刷新页面再改，以免盖掉别人的修改。"))
    if (document.key, document.kind) != (draft.key, draft.plan.kind):
        raise Invalid(_("模板的键和类别不能改变：网址和在办项目都用它。"))
    draft.document = document.model_dump(mode="json")
    draft.state, draft.edited_by, draft.revision = TemplateDraft.DRAFT, by, draft.revision + 1
    draft.editors = sorted({*draft.editors, by.pk})
    if reason is not None:
        draft.reason = reason[:200]
    draft.save()
    _tell(events.TemplateEdited, draft, by=by, at=at)
    return draft


@transaction.atomic
def submit_draft(*, draft_id: int, by: Any, at: datetime) -> TemplateDraft:
    """Hand it to the county office. Refuses while the check finds errors, and without a word on why it changes."""
    draft = _open(draft_id)
    may_edit(by, draft.plan, at)
    if not draft.reason.strip():
        raise CannotChangeTemplate(_("请先在“基本信息”里写明变更说明：为什么改、依据什么文件。"))
    _refuse_errors(draft)
    draft.state, draft.submitted_at, draft.return_reason = TemplateDraft.SUBMITTED, at, ""
    draft.save()
    worklists.close(subject=_subject(draft), at=at)
    _tell(events.TemplateSubmitted, draft, by=by, at=at)
    return draft


@transaction.atomic
def return_draft(*, draft_id: int, by: Any, at: datetime, reason: str) -> TemplateDraft:
    """Send it back to its editor, with the reason."""
    draft = _submitted(draft_id)
    may_approve(by, draft.plan, at)
    if not reason.strip():
        raise Invalid(_("请写明退回的原因。"), fields={"reason": _("请写明退回的原因，让编辑人知道改哪里。")})
    draft.state, draft.return_reason = TemplateDraft.RETURNED, reason.strip()[:300]
    draft.save()
    worklists.open(
        system=SYSTEM,
        kind="template_returned",
        subject=_subject(draft),
        title=RETURNED_TITLE,
        params={"template": {"zh": draft.plan.name, "en": draft.plan.name_en or draft.plan.name}},
        url=f"/projects/templates/drafts/{draft.pk}/",
        user_id=draft.edited_by_id,
        at=at,
    )
    _tell(events.TemplateReturned, draft, by=by, at=at, reason=draft.return_reason)
    return draft


@transaction.atomic
def approve_draft(*, draft_id: int, by: Any, at: datetime) -> TemplateVersion:
    """Put it into force for what is begun from now on. Refuses whoever edited it, and a template with errors."""
    draft = _submitted(draft_id)
    may_approve(by, draft.plan, at)
    if by.pk in draft.editors:
        raise CannotChangeTemplate(_("这一版您参与过编辑，不能由您审核发布。请由另一位审核人办理。"))
    _refuse_errors(draft)
    version = _put_in_force(draft.plan, reason=draft.reason, by=by, at=at, edited_by=draft.edited_by)
    draft.delete()
    return version


@transaction.atomic
def discard_draft(*, draft_id: int, by: Any, at: datetime) -> None:
    """Throw it away; what is in force stays."""
    draft = _open(draft_id)
    may_edit(by, draft.plan, at)
    worklists.close(subject=_subject(draft), at=at)
    _tell(events.TemplateDraftDiscarded, draft, by=by, at=at)
    draft.delete()


def may_edit(by: Any, document: TemplateDocument, at: datetime) -> None:
    """The editor of the lead department, or the county office."""
    body = organizations.get_by_code(document.lead_department)
    pmi.require(by, "matters.edit", organization=body, on=timezone.localdate(at))


def may_approve(by: Any, document: TemplateDocument, at: datetime) -> None:
    """The county office."""
    body = organizations.get_by_code(document.lead_department)
    pmi.require(by, "matters.approve", organization=body, on=timezone.localdate(at))


def get_draft(draft_id: int) -> TemplateDraft:
    """A draft. Raises `NotFound`."""
    found = TemplateDraft.objects.select_related("base__template", "edited_by").filter(pk=draft_id).first()
    if found is None:
        raise NotFound(_("没有这份模板草稿，可能已经发布或作废。"))
    return found


def _locked(draft_id: int) -> TemplateDraft:
    found = TemplateDraft.objects.select_for_update(of=("self",)).filter(pk=draft_id).first()
    if found is None:
        raise NotFound(_("没有这份模板草稿，可能已经发布或作废。"))
    return found


def _open(draft_id: int) -> TemplateDraft:
    draft = _locked(draft_id)
    if not draft.is_open:
        raise CannotChangeTemplate(_("这份草稿已提交审核，要改请先请县政务办退回。"))
    return draft


def _submitted(draft_id: int) -> TemplateDraft:
    draft = _locked(draft_id)
    if draft.state != TemplateDraft.SUBMITTED:
        raise CannotChangeTemplate(_("这份草稿现在是“{state}”，不在待审核中。").format(state=draft.get_state_display()))
    return draft


def _refuse_errors(draft: TemplateDraft) -> None:
    found = linting.errors(draft.plan)
    if found:
        raise CannotChangeTemplate(
            _("检查发现{n}处错误，改正后才能继续。第一处：{first}").format(n=len(found), first=found[0])
        )


def _subject(draft: TemplateDraft) -> str:
    return f"template_draft:{draft.pk}"


def _tell(kind: type[events.TemplateFact], draft: TemplateDraft, *, by: Any, at: datetime, **more: Any) -> None:
    outbox.publish(kind(key=draft.key, number=draft.number, actor_id=by.pk, **more), at=at)
