"""The editor of templates: what is in force with its history, a draft page by page, the check, approval by a second person."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zhengtong.approvals.greenway import asked_once, comparing, editing, linting, queries
from zhengtong.approvals.greenway.models import Template, TemplateDraft, TemplateVersion, own
from zhengtong.approvals.greenway.operations import templates as operations
from zhengtong.approvals.greenway.plans import TemplateDocument
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.organizations import public as organizations
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.kernel.forms import OperationForm
from zhengtong.security.pmi import public as pmi


def _allows(request: HttpRequest, permission: str, document: TemplateDocument) -> bool:
    body = organizations.get_by_code(document.lead_department)
    return pmi.can(request.user, permission, organization=body, on=official_today())


@access.requires("matters.view")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every template, and what is being changed."""
    drafts = {draft.key: draft for draft in TemplateDraft.objects.all()}
    rows = [
        {"version": t.current, "key": t.key, "kind": t.get_kind_display(), "draft": drafts.pop(t.key, None)}
        for t in queries.templates()
    ]
    rows += [{"version": None, "key": d.key, "kind": _kind(d.plan), "draft": d} for d in drafts.values()]
    may_begin = pmi.can(request.user, "matters.edit", on=official_today())
    return render(request, "greenway/templates.html", {"rows": rows, "may_begin": may_begin})


def _kind(document: TemplateDocument) -> str:
    return str(dict(Template._meta.get_field("kind").flatchoices).get(document.kind, ""))


@access.requires("matters.view")
@require_safe
def template(request: HttpRequest, key: str) -> HttpResponse:
    """One template as it is in force, with its versions."""
    found = queries.template(key)
    version = _version_of(found, request.GET.get("version", ""))
    words = comparing.Words(linting.known_matters(), editing.bodies(), asked_once.asked(version.plan.stages))
    context = {
        "template": found,
        "version": version,
        "sections": _sections(words, version.plan),
        "versions": _history(found),
        "draft": TemplateDraft.objects.filter(key=key).first(),
        "may_edit": _allows(request, "matters.edit", version.plan),
        "running": version.projects.count(),
    }
    return render(request, "greenway/template.html", context)


def _history(found: Template) -> Sequence[TemplateVersion]:
    return list(found.versions.select_related("edited_by", "published_by").order_by("-number"))


def _version_of(found: Template, number: str) -> TemplateVersion:
    version = found.versions.filter(number=int(number)).first() if number.isdigit() else found.current
    if version is None:
        raise NotFound(_("没有这一版。"))
    return version


def _sections(words: comparing.Words, document: TemplateDocument) -> list[tuple[str, list[dict[str, str]]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for (section, label), text in words.of(document):
        if text:
            found.setdefault(section, []).append({"label": label, "value": text})
    return list(found.items())


@access.requires("matters.view")
@require_safe
def compare(request: HttpRequest, version_id: int) -> HttpResponse:
    """A version beside the one before it."""
    version = TemplateVersion.objects.select_related("template__current").filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("没有这一版。"))
    before = version.template.versions.filter(number__lt=version.number).order_by("-number").first()
    context = {"version": version, "before": before, "differences": _differences(before, version.plan)}
    return render(request, "greenway/template_compare.html", context)


def _differences(old: TemplateVersion | None, new: TemplateDocument) -> list[comparing.Difference]:
    before = old.plan if old else None
    questions = asked_once.asked([*new.stages, *(before.stages if before else ())])
    return comparing.differences(before, new, linting.known_matters(), editing.bodies(), questions)


@access.requires("matters.edit")
def new(request: HttpRequest) -> HttpResponse:
    """Begin a template of one's own."""
    form = editing.NewTemplateForm(request.POST or None, departments=editing.bodies())
    status = form.status
    if request.method == "POST" and form.is_valid():
        try:
            draft = operations.begin_new(**form.cleaned_data, by=request.user, at=official_now())
            return redirect("greenway:template_draft", draft.pk)
        except ZhengtongError as refusal:
            form.refuse(refusal)
            status = refusal.status
    return render(request, "greenway/template_new.html", {"form": form}, status=status)


@access.requires("matters.edit")
@require_POST
def revise(request: HttpRequest, key: str) -> HttpResponse:
    """Begin the next version of what is in force, or go on with the open one."""
    draft = operations.begin_draft(key=key, by=request.user, at=official_now())
    return redirect("greenway:template_draft", draft.pk)


@access.requires("matters.view")
def draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """One draft: its pages, the check, what it changes; whoever approves decides here."""
    found = operations.get_draft(draft_id)
    errors: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        try:
            return _done(request, found)
        except ZhengtongError as refusal:
            errors, status = dict(refusal.fields) or {"": refusal.message}, refusal.status
    findings = linting.lint(found.plan)
    context = {
        "draft": found,
        "plan": found.plan,
        "pages": _pages(found, findings),
        "findings": findings,
        "wrong": sum(finding.level == linting.ERROR for finding in findings),
        "doubtful": sum(finding.level == linting.WARNING for finding in findings),
        "differences": _differences(found.base, found.plan),
        "may_edit": found.is_open and _allows(request, "matters.edit", found.plan),
        "may_approve": found.state == TemplateDraft.SUBMITTED and _allows(request, "matters.approve", found.plan),
        "own": request.user.pk in found.editors,
        "errors": errors,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "greenway/template_draft.html", context, status=status)


def _pages(found: TemplateDraft, findings: Sequence[linting.Finding]) -> list[dict[str, Any]]:
    """The pages of a draft as a list of tasks."""
    plan = found.plan
    places = [(linting.BASIC, _("基本信息"), plan.name), (linting.QUESTIONS, _("情形问题"), "")]
    places += [(stage.key, own(stage.name, stage.name_en), "") for stage in plan.stages]
    counts = {linting.QUESTIONS: len(plan.questions), **{stage.key: len(stage.branches) for stage in plan.stages}}
    made = []
    for key, label, hint in places:
        wrong = sum(finding.level == linting.ERROR and finding.section == key for finding in findings)
        said, tone = (_("{n}处错误").format(n=wrong), "overdue") if wrong else (_("没有错误"), "ok")
        if key == linting.QUESTIONS:
            hint = _("{n}个问题").format(n=counts[key])
        elif key in counts:
            hint = _("{n}个事项").format(n=counts[key])
        url = reverse("greenway:template_edit", args=[found.pk, key]) if found.is_open else ""
        made.append({"label": label, "url": url, "status": said, "tone": tone, "hint": hint})
    return made


def _done(request: HttpRequest, found: TemplateDraft) -> HttpResponse:
    act: dict[str, Any] = {"draft_id": found.pk, "by": request.user, "at": official_now()}
    if "submit" in request.POST:
        operations.submit_draft(**act)
        messages.success(request, _("已提交县政务办审核。审核通过后对新开始的办理生效。"))
    elif "approve" in request.POST:
        version = operations.approve_draft(**act)
        messages.success(request, _("第{n}版已发布。在办的项目仍按原来的版本。").format(n=version.number))
        return redirect("greenway:template", found.key)
    elif "return" in request.POST:
        operations.return_draft(**act, reason=request.POST.get("reason", ""))
        messages.success(request, _("已退回编辑人。"))
    elif "discard" in request.POST:
        operations.discard_draft(**act)
        messages.success(request, _("草稿已作废，现行版本不受影响。"))
        return redirect("greenway:templates")
    elif "add-stage" in request.POST:
        document = editing.Editor(found.plan, found.revision).with_another_stage()
        operations.edit_draft(**act, document=document)
    elif "drop-stage" in request.POST:
        document = editing.Editor(found.plan, found.revision).without_stage(request.POST["drop-stage"])
        operations.edit_draft(**act, document=document)
    return redirect("greenway:template_draft", found.pk)


@access.requires("matters.edit")
def edit(request: HttpRequest, draft_id: int, section: str) -> HttpResponse:
    """One page of a draft; POST saves it, with one more row where that was asked."""
    found = operations.get_draft(draft_id)
    operations.may_edit(request.user, found.plan, official_now())
    if not found.is_open:
        return redirect("greenway:template_draft", found.pk)
    page = _page_of(found, section, request)
    status = 200
    if request.method == "POST":
        try:
            if page.sound():
                return _kept(request, found, section, page)
            status = 422
        except ZhengtongError as refusal:
            page.form.refuse(refusal)
            status = refusal.status
    context = {
        "draft": found,
        "section": section,
        "page": page,
        "title": page.title,
        "findings": [one for one in linting.lint(found.plan) if one.section == section],
        "droppable": len(found.plan.stages) > 1 and section not in (linting.BASIC, linting.QUESTIONS),
    }
    return render(request, "greenway/template_edit.html", context, status=status)


class _Page:
    """A page of a draft: one form, and rows."""

    def __init__(self, found: TemplateDraft, section: str, data: Any, *, blank: bool) -> None:
        self.section, self.data = section, data
        self.editor = editor = editing.Editor(found.plan, found.revision)
        self.rows: Sequence[Any] = ()
        self.more = ""
        self.form: OperationForm
        if section == linting.BASIC:
            self.title, self.form = _("基本信息"), editor.basic(data, found.reason)
        elif section == linting.QUESTIONS:
            self.title, self.form = _("情形问题"), _SeenForm(data, initial={"seen": found.revision})
            self.rows, self.more = editor.questions(data, blank=blank), _("保存，再加一个问题")
        else:
            stage = self.stage = editor.stage(section)
            self.title, self.form = own(stage.name, stage.name_en), editor.stage_form(stage, data)
            self.rows, self.more = editor.branches(stage, data, blank=blank), _("保存，再加一个事项")
        self.left: list[Any] = []

    def sound(self) -> bool:
        """Whether everything that was typed can be kept."""
        rows_sound, self.left = editing.checked(self.rows, self.data)
        return self.form.is_valid() and rows_sound

    @property
    def errors(self) -> dict[str, Any]:
        """What is wrong in the rows, by the name of the input."""
        return {row.add_prefix(name): list(said) for row in self.left for name, said in row.errors.items()}

    def document(self) -> TemplateDocument:
        """The template with what was typed."""
        if self.section == linting.BASIC:
            assert isinstance(self.form, editing.BasicForm)
            return self.form.document(self.editor.document)
        if self.section == linting.QUESTIONS:
            return self.editor.with_questions(self.left)
        assert isinstance(self.form, editing.StageForm)
        return self.editor.with_stage(self.stage, self.form, self.left)


class _SeenForm(OperationForm):
    """Carries the revision the page was made from."""

    seen = forms.IntegerField(widget=forms.HiddenInput)


def _page_of(found: TemplateDraft, section: str, request: HttpRequest) -> _Page:
    known = {linting.BASIC, linting.QUESTIONS, *(stage.key for stage in found.plan.stages)}
    if section not in known:
        raise NotFound(_("模板没有这一部分，可能已被去掉。"))
    data = request.POST if request.method == "POST" else None
    return _Page(found, section, data, blank="more" in request.GET)


def _kept(request: HttpRequest, found: TemplateDraft, section: str, page: _Page) -> HttpResponse:
    more = {"reason": page.form.cleaned_data["reason"]} if section == linting.BASIC else {}
    operations.edit_draft(
        draft_id=found.pk,
        document=page.document(),
        by=request.user,
        at=official_now(),
        seen=page.form.cleaned_data["seen"],
        **more,
    )
    messages.success(request, _("“{section}”已保存。").format(section=page.title))
    here = reverse("greenway:template_edit", args=[found.pk, section])
    if "more" in request.POST:
        return redirect(f"{here}?more=1#new-row")
    return redirect(here if "save" in request.POST else reverse("greenway:template_draft", args=[found.pk]))
