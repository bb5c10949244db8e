"""The rules: what is in force, versions with their differences, a draft to change, to back-test and to publish."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.oversight.supervision import forms, rule_pages
from zhengtong.oversight.supervision.models import BackTest, Rule, RuleSet
from zhengtong.oversight.supervision.operations import backtesting, rule_sets
from zhengtong.oversight.supervision.rulebook import DEFAULTS
from zhengtong.oversight.supervision.states import Level, RuleState


@access.requires("supervision.view")
@require_safe
def rules_page(request: HttpRequest) -> HttpResponse:
    """The versions, and the way to a new one."""
    versions = rule_pages.versions()
    in_force = any(one["set"].state == RuleState.PUBLISHED for one in versions)
    drafted = next((one["set"] for one in versions if one["set"].state == RuleState.DRAFT), None)
    context = {"versions": versions, "draft": drafted, "form": forms.BeginDraft(in_force=in_force)}
    return render(request, "supervision/rules.html", context)


@access.requires("supervision.rules")
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft."""
    draft = rule_sets.begin_draft(profile=request.POST.get("profile", ""), by=request.user, at=official_now())
    return redirect("supervision:rule_set", draft.pk)


@access.requires("supervision.view")
@require_safe
def rule_set(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """One version with every rule; a draft with what can be done to it."""
    found = rule_sets.get_rule_set(rule_set_id)
    before = rule_pages.before_of(found, RuleSet.objects.all())
    context = {
        "set": found,
        "rows": rule_pages.rows_of(found),
        "before": before,
        "changes": rule_pages.differences(before, found),
        "settings": {**DEFAULTS, **found.settings},
        "tests": list(found.back_tests.select_related("asked_by")[:10]),
        "is_draft": found.state == RuleState.DRAFT,
    }
    return render(request, "supervision/rule_set.html", context)


@access.requires("supervision.rules")
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """The document and the windows of a draft."""
    found = rule_sets.get_rule_set(rule_set_id)
    initial = {"document": found.document, "note": found.note, **DEFAULTS, **found.settings}
    form = forms.SettingsForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            windows = {name: data[name] for name in DEFAULTS}
            rule_sets.change_settings(
                rule_set_id=found.pk,
                document=data["document"],
                note=data["note"],
                settings=windows,
                by=request.user,
                at=official_now(),
            )
            messages.success(request, _("已保存。"))
            return redirect("supervision:rule_set", found.pk)
    context = {"set": found, "form": form, "heading": _("依据文件和期限")}
    return render(request, "supervision/rule_form.html", context, status=status)


@access.requires("supervision.rules")
@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """One rule of a draft."""
    found = Rule.objects.select_related("rule_set").filter(pk=rule_id).first()
    if found is None:
        raise NotFound(_("没有找到这条规则。"))
    form = forms.RuleForm(request.POST or None, instance=found)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                rule_sets.change_rule(rule_id=rule_id, changes=form.cleaned_data, by=request.user, at=official_now())
            except ZhengtongError as refusal:
                for name, words in refusal.fields.items():
                    form.add_error(name if name in form.fields else None, str(words))
                if not refusal.fields:
                    form.add_error(None, refusal.message)
                status = refusal.status
            else:
                messages.success(request, _("已保存。"))
                return redirect("supervision:rule_set", found.rule_set_id)
    context = {"set": found.rule_set, "rule": found, "form": form, "heading": f"{found.code} {found.label}"}
    return render(request, "supervision/rule_form.html", context, status=status)


@access.requires("supervision.rules")
@require_POST
def publish(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Bring a draft into force."""
    rule_sets.publish_rules(rule_set_id=rule_set_id, by=request.user, at=official_now())
    messages.success(request, _("规则已施行。正在按新规则重新排定每个时钟的监察点。"))
    return redirect("supervision:rule_set", rule_set_id)


@access.requires("supervision.rules")
@require_POST
def discard(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Give a draft up."""
    rule_sets.discard_draft(rule_set_id=rule_set_id, by=request.user, at=official_now())
    messages.success(request, _("草案已放弃。"))
    return redirect("supervision:rules")


@access.requires("supervision.rules")
@require_http_methods(["GET", "POST"])
def back_test(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """Ask for a replay of a past period."""
    found, today = rule_sets.get_rule_set(rule_set_id), official_today()
    initial = {"first": today.replace(month=1, day=1), "last": today}
    form = forms.BackTestForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                asked = backtesting.begin_back_test(
                    rule_set_id=found.pk, by=request.user, at=official_now(), **form.cleaned_data
                )
            except ZhengtongError as refusal:
                form.add_error("first", refusal.message)
                status = refusal.status
            else:
                return redirect("supervision:back_test", asked.pk)
    context = {"set": found, "form": form, "heading": _("回测"), "back_test": True}
    return render(request, "supervision/rule_form.html", context, status=status)


@access.requires("supervision.view")
@require_safe
def back_test_page(request: HttpRequest, back_test_id: int) -> HttpResponse:
    """How far a replay is, and which cards would appear and vanish."""
    asked = BackTest.objects.select_related("rule_set", "against").filter(pk=back_test_id).first()
    if asked is None:
        raise NotFound(_("没有找到这次回测。"))
    chosen = request.GET.get("show", "appears")
    lines = asked.lines.filter(appears=chosen != "vanishes").select_related("organization")
    tabs = [
        {
            "label": _("将会出现"),
            "url": "?show=appears",
            "count": asked.counts.get("appears", 0),
            "current": chosen != "vanishes",
        },
        {
            "label": _("将会消失"),
            "url": "?show=vanishes",
            "count": asked.counts.get("vanishes", 0),
            "current": chosen == "vanishes",
        },
    ]
    summary = [{**row, "label": Level(row["level"]).label} for row in backtesting.summary(asked)]
    context = {
        "asked": asked,
        "summary": summary,
        "tabs": tabs,
        "page": Paginator(lines, 25).get_page(request.GET.get("page")),
        "percent": round(100 * asked.done / asked.total) if asked.total else 100,
    }
    return render(request, "supervision/back_test.html", context)
