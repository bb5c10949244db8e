"""The forms behind the actions of the case page: what each asks, and the one operation it leads to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.cases import queries, states
from zhengtong.approvals.cases.models import Case, Delivery, StepAct, StepTask
from zhengtong.approvals.cases.operations import acceptance, decision, filing, review
from zhengtong.approvals.cases.states import Outcome
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.files import public as files
from zhengtong.security.accounts.models import User
from zhengtong.security.pmi import public as pmi


class ActionForm(forms.Form):
    """Base: knows the case and the person, carries the row version the page was made from."""

    seen = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _("页面不完整，操作没有生效。请返回办件页面后再试。")),
    )

    def __init__(self, *args: Any, case: Case, user: Any, **kwargs: Any) -> None:
        self.case, self.user = case, user
        super().__init__(*args, **kwargs)
        self.shape()

    def shape(self) -> None:
        """Fill choices from the case."""


def _text(
    label: Any, *, missing: Any = "", hint: Any = "", rows: int = 4, length: int = 2000, initial: Any = ""
) -> forms.CharField:
    """A text of several lines; `missing` is the sentence when it is empty (none: it may be)."""
    return forms.CharField(
        label=label,
        required=bool(missing),
        error_messages={"required": missing} if missing else {},
        help_text=hint,
        max_length=length,
        initial=initial,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _choice(label: Any, choices: Any, *, missing: Any, hint: Any = "", initial: Any = None) -> forms.ChoiceField:
    """Radio buttons, one of which must be chosen."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": missing},
        help_text=hint,
        initial=initial,
    )


class EmptyForm(ActionForm):
    """An act that needs no words."""


class NotifyForm(ActionForm):
    """The one-time notice: the defects come from the checklist; a repeated one needs a superior."""

    extra = _text(
        _("申请内容中需要更正的地方"), hint=_("材料的问题已在核验中逐项写明，这里只写填报内容的问题。"), rows=3
    )
    override_reason = _text(_("再次告知的理由"), rows=2, length=300)
    override_by = forms.ChoiceField(label=_("签字的部门负责人"), required=False)

    def shape(self) -> None:
        """A first notice asks for no superior."""
        if not self.case.defect_notices.filter(in_review=False).exists():
            del self.fields["override_reason"], self.fields["override_by"]
            return
        grants = pmi.holders_of("department_head", on=calendars.official_today()).filter(
            organization_id=self.case.department_id
        )
        heads = [(g.user.username, g.user.display_name) for g in grants if g.user_id != self.user.pk]
        self.fields["override_by"] = forms.ChoiceField(
            label=_("签字的部门负责人"), required=False, choices=[("", _("请选择")), *heads]
        )


class RefuseAcceptanceForm(ActionForm):
    """不予受理."""

    reason = _choice(_("法定理由"), list(states.REFUSAL_REASONS.items()), missing=_("请选择不予受理的法定理由。"))
    explanation = _text(_("具体事实和理由"), missing=_("请写明不予受理的具体事实和理由。"))
    where_to_go = forms.CharField(
        label=_("应当向哪个机关申请"),
        max_length=100,
        help_text=_("不属于本机关职权时必填。"),
        error_messages={"required": _("请写明应向哪个机关申请。")},
    )

    def shape(self) -> None:
        """Where to go is asked of who is not competent only."""
        _asked_only(self, "reason", {"not_competent": ("where_to_go",)})


def _asked_only(form: ActionForm, key: str, needed: dict[str, tuple[str, ...]]) -> None:
    """Questions that belong to one answer of `key` need not be answered with another."""
    if not form.is_bound:
        return
    for answer, names in needed.items():
        for name in names:
            if name in form.fields and form.data.get(key) != answer:
                form.fields[name].required = False


class FixForm(ActionForm):
    """当场更正: one answer put right."""

    field_key = forms.ChoiceField(label=_("更正哪一项"))
    value = forms.CharField(label=_("更正为"), max_length=1000, error_messages={"required": _("请填写更正后的内容。")})
    what = forms.CharField(
        label=_("说明"), max_length=200, error_messages={"required": _("请写明更正的原因，如“申请人当场改正笔误”。")}
    )

    def shape(self) -> None:
        """Text-like questions of the form, with what they say now."""
        kinds = ("text", "textarea", "number", "date", "phone", "address")
        fields = [f for f in self.case.elements.form.fields if f.type in kinds and self.case.answers.get(f.key)]
        choices = [
            (f.key, _now(f.label_en if _english() and f.label_en else f.label, self.case.answers[f.key]))
            for f in fields
        ]
        self.fields["field_key"] = forms.ChoiceField(label=_("更正哪一项"), choices=choices)


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _now(label: str, value: Any) -> str:
    return gettext("{label}（现为“{value}”）").format(label=label, value=str(value)[:40])


class SupplementForm(ActionForm):
    """代交补正材料: the papers the notice names, scanned at the counter."""

    def shape(self) -> None:
        """One upload for each item of the open notice."""
        notice = self.case.defect_notices.filter(in_review=False, answered_at__isnull=True).order_by("-id").first()
        for item in notice.items if notice else ():
            if item["no"]:
                self.fields[f"material-{item['no']}"] = forms.FileField(
                    label=item["name"], required=False, help_text=f"{item['problem']} {item['how']}".strip()
                )


PHRASES = [
    _("材料齐全，符合法定形式，同意。"),
    _("经审查，符合法定条件和标准，同意。"),
    _("经现场核查，符合要求，同意。"),
    _("经审核，承办意见属实，同意上报。"),
]
"""Usual opinions: chosen when the officer writes none of their own."""


class StepForm(ActionForm):
    """Opinion and conclusion on a step."""

    conclusion = _choice(_("结论"), StepAct.CONCLUSIONS[:2], missing=_("请选择同意或不同意。"))
    phrase = forms.ChoiceField(
        label=_("常用意见"), required=False, help_text=_("选一句即可；下面另写的，以另写的为准。")
    )
    opinion = _text(_("办理意见"), missing=_("请填写办理意见。"), hint=_("不同意的，请写明事实和理由。"))

    def shape(self) -> None:
        """The usual opinions in the words of the law, stored in Chinese."""
        with override("zh-hans"):
            sentences = [str(phrase) for phrase in PHRASES]
        choices = [("", _("自己写")), *zip(sentences, PHRASES, strict=True)]
        self.fields["phrase"].choices = choices  # type: ignore[attr-defined]
        if self.is_bound and self.data.get("phrase") and self.data.get("conclusion") == "agree":
            self.fields["opinion"].required = False

    def clean(self) -> dict[str, Any]:
        """The own words, else the usual sentence; who disagrees gives the reasons in own words."""
        data = super().clean() or {}
        if not data.get("opinion", "").strip() and data.get("conclusion") == "agree":
            data["opinion"] = data.get("phrase", "")
        return data


class ReturnForm(ActionForm):
    """Back to an earlier step."""

    to_task = forms.ChoiceField(label=_("退回到"))
    reason = _text(_("退回原因"), missing=_("请写明退回原因，承办人据此修改。"), rows=3, length=300)

    def shape(self) -> None:
        """Steps that are done."""
        done = self.case.tasks.filter(state="done").select_related("organization").order_by("-group_no", "id")
        choices = [(t.pk, f"{queries.step_label(t)} · {t.organization.short_label}") for t in done]
        self.fields["to_task"] = forms.ChoiceField(label=_("退回到"), choices=choices)


class DecideForm(ActionForm):
    """The decision."""

    outcome = _choice(_("决定"), [], missing=_("请选择准予或不予。"))
    reason = forms.ChoiceField(
        label=_("不予许可的法定理由"),
        choices=[("", _("请选择")), *states.DENIAL_REASONS.items()],
        error_messages={"required": _("不予许可必须选择法定理由。")},
    )
    hearing = forms.ChoiceField(
        label=_("听证"),
        error_messages={"required": _("请确认听证义务：不属于听证范围、当事人放弃或已经举行。")},
        choices=[
            ("", _("请选择")),
            ("not_required", _("不属于应当听证的事项")),
            ("waived", _("申请人、利害关系人放弃听证")),
            ("held", _("已经举行听证")),
        ],
        help_text=_("不予许可时必须确认。"),
    )
    deferred_until = forms.DateField(
        label=_("容缺材料补交日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("容缺准予须约定补交日期。")},
    )
    opinion = _text(
        _("决定意见"),
        missing=_("请填写决定意见。"),
        hint=_("不予许可的，写明事实和理由。"),
        initial=lambda: _usual_grant(),
    )

    def shape(self) -> None:
        """Deferred granting only where the matter allows it."""
        choices: list[tuple[str, Any]] = [
            (Outcome.GRANT.value, Outcome.GRANT.label),
            (Outcome.REFUSE.value, Outcome.REFUSE.label),
        ]
        if self.case.elements.deferral_allowed:
            choices.insert(1, (Outcome.GRANT_DEFERRED.value, Outcome.GRANT_DEFERRED.label))
        else:
            del self.fields["deferred_until"]
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]
        needed = {"refuse": ("reason", "hearing"), "grant_deferred": ("deferred_until",)}
        _asked_only(self, "outcome", needed)

    def clean(self) -> dict[str, Any]:
        """A refusal gives its own facts and reasons, never the usual sentence of a grant."""
        data = super().clean() or {}
        if data.get("outcome") == Outcome.REFUSE and data.get("opinion", "").strip() == _usual_grant():
            self.add_error("opinion", gettext("不予许可必须写明事实和理由。"))
        return data


def _usual_grant() -> str:
    with override("zh-hans"):
        return gettext("符合法定条件、标准，准予。")


class SuspendForm(ActionForm):
    """特别程序开始."""

    kind = _choice(_("特别程序"), [], missing=_("请选择特别程序。"))
    planned_workdays = forms.IntegerField(
        label=_("所需工作日"), min_value=1, max_value=365, error_messages={"required": _("请填写需要几个工作日。")}
    )
    reason = _text(
        _("理由（写入告知书）"), missing=_("请写明开始特别程序的理由，理由会写入告知书。"), rows=3, length=300
    )
    evidence = forms.FileField(label=_("依据材料（如听证通知、检验委托书）"), required=False)

    def shape(self) -> None:
        """The procedures of the matter, with their limit."""
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (p.kind, _procedure(p)) for p in self.case.elements.special_procedures if p.effect == "suspend"
        ]


def _procedure(procedure: Any) -> str:
    name = procedure.name_en if _english() and procedure.name_en else procedure.name
    basis = review.basis_text(procedure)
    if procedure.max_workdays:
        return gettext("{name}（最多{n}个工作日；{basis}）").format(name=name, n=procedure.max_workdays, basis=basis)
    return gettext("{name}（{basis}）").format(name=name, basis=basis)


class ResumeForm(ActionForm):
    """特别程序结束."""

    result = _text(_("结果"), missing=_("请写明特别程序的结果（如听证笔录、检测报告的结论）。"), rows=3, length=300)
    evidence = forms.FileField(label=_("结果文件"), required=False)


class ExtendForm(ActionForm):
    """延长审批."""

    kind = _choice(_("依据"), [], missing=_("请选择延长的依据。"))
    workdays = forms.IntegerField(
        label=_("延长工作日"), min_value=1, max_value=365, error_messages={"required": _("请填写延长几个工作日。")}
    )
    reason = _text(_("理由（告知申请人）"), missing=_("请写明延长期限的理由，理由会告知申请人。"), rows=3, length=300)

    def shape(self) -> None:
        """The grounds the matter knows; a single one is chosen already."""
        known = [(p.kind, _procedure(p)) for p in self.case.elements.special_procedures if p.effect == "extend"]
        self.fields["kind"].choices = known  # type: ignore[attr-defined]
        if len(known) == 1:
            self.fields["kind"].initial = known[0][0]


class ReviewSupplementForm(ActionForm):
    """Papers asked for in review: one a line."""

    items = _text(
        _("需要补交的材料，每行一项"),
        missing=_("请逐项写明需要补交的材料名称和原因。"),
        hint=_("写成“材料名称：原因”。补交期间办理时限照常计算。"),
    )


class DeliverForm(ActionForm):
    """送达."""

    method = _choice(_("送达方式"), Delivery.METHODS, missing=_("请选择送达方式。"), initial="electronic")
    recipient = forms.CharField(label=_("收件人"), max_length=60, error_messages={"required": _("请填写收件人。")})
    proof = forms.CharField(label=_("邮单号或签收说明"), required=False, max_length=120)

    def shape(self) -> None:
        """Somebody without an account gets the result at the window."""
        if not self.case.applicant_user_id and not self.case.filed_by_id:
            self.fields["method"].initial = "pickup"


class ReasonForm(ActionForm):
    """An exit with its reason."""

    reason = _text(_("原因（告知申请人并存档）"), missing=_("请写明原因，原因会告知申请人并存档。"), rows=3, length=300)


class WithdrawForm(ReasonForm):
    """撤回申请 by somebody who stands at the counter."""

    request = forms.FileField(
        label=_("申请人签名的撤回申请"),
        help_text=_("扫描件或照片，随案卷存档。"),
        error_messages={"required": _("请上传申请人签名的撤回申请。")},
    )


class LicenceForm(ReasonForm):
    """撤销 or 注销 of the licence."""

    licence_state = _choice(
        _("怎样处理"),
        [("revoked", _("撤销（行政许可法第六十九条）")), ("cancelled", _("注销（行政许可法第七十条）"))],
        missing=_("请选择撤销还是注销。"),
    )
    field_order = ("seen", "licence_state", "reason")


class TransferForm(ReasonForm):
    """转报上级."""

    authority = forms.CharField(
        label=_("上级机关"), max_length=60, error_messages={"required": _("请填写转报的上级机关。")}
    )
    field_order = ("seen", "authority", "reason")


Perform = Callable[[ActionForm, dict[str, Any]], Any]


@dataclass(frozen=True)
class Act:
    """One action as a page: its heading, its form and the operation behind it. `note` says what will happen."""

    label: str | Promise
    form: type[ActionForm]
    perform: Perform
    done: str | Promise
    danger: bool = False
    note: str | Promise = ""
    heading: Callable[[Case], str] | None = None


def _evidence(form: ActionForm, common: dict[str, Any]) -> Any:
    upload = form.cleaned_data.get("evidence")
    if not upload:
        return None
    return files.receive(
        upload=upload, owner_kind=filing.EVIDENCE, owner_id=form.case.pk, by=form.user.pk, at=common["at"]
    )


def _notify(form: ActionForm, common: dict[str, Any]) -> Any:
    data = form.cleaned_data
    superior = User.objects.filter(username=data.get("override_by") or "", kind="official").first()
    return acceptance.notify_defects(
        **common, extra=data["extra"], override_reason=data.get("override_reason", ""), override_by=superior
    )


def _fix(form: ActionForm, common: dict[str, Any]) -> Any:
    data = form.cleaned_data
    return acceptance.fix_on_spot(**common, answers={data["field_key"]: data["value"]}, what=data["what"])


def _decide(form: ActionForm, common: dict[str, Any]) -> Any:
    fields = ("outcome", "opinion", "reason", "hearing", "deferred_until")
    return decision.decide(**common, **{key: form.cleaned_data[key] for key in fields if key in form.cleaned_data})


def _suspend(form: ActionForm, common: dict[str, Any]) -> Any:
    fields = ("kind", "planned_workdays", "reason")
    return review.suspend(**common, **{key: form.cleaned_data[key] for key in fields}, evidence=_evidence(form, common))


def _supplement(form: ActionForm, common: dict[str, Any]) -> Any:
    lines = [
        line.replace(":", "：").partition("：") for line in form.cleaned_data["items"].splitlines() if line.strip()
    ]
    items = [{"name": name.strip(), "problem": "需补交", "how": how.strip()} for name, _colon, how in lines]
    return review.request_in_review(**common, items=items)


def _supplement_in(form: ActionForm, common: dict[str, Any]) -> Any:
    for key, upload in form.files.items():
        number = key.removeprefix("material-")
        if number.isdigit():
            filing.add_material(
                case_id=form.case.pk, material_no=int(number), upload=upload, by=form.user, at=common["at"]
            )
    return acceptance.supplement(**common)


def _plain(operation: Callable[..., Any], *fields: str) -> Perform:
    return lambda form, common: operation(**common, **{key: form.cleaned_data[key] for key in fields})


ENDS = _("办件到此结束，所有时限停止，不能恢复。")

ACTS: dict[str, Act] = {
    "begin_pre_review": Act(_("开始预审"), EmptyForm, _plain(acceptance.begin_pre_review), _("已开始预审。")),
    "receive": Act(_("收件"), EmptyForm, _plain(acceptance.receive), _("已收件，接收凭证已生成。")),
    "fix_on_spot": Act(_("当场更正"), FixForm, _fix, _("已更正，原内容留存在日志中。")),
    "accept": Act(
        _("受理并转办"),
        EmptyForm,
        lambda form, common: acceptance.accept(**common, hand_over=True),
        _("已受理并转到承办部门。"),
    ),
    "notify_defects": Act(
        _("一次性告知补正"),
        NotifyForm,
        _notify,
        _("补正通知书已发出。"),
        note=_("以下材料会一次性全部告知申请人；受理时限停止，等待补正。同一办件依法只能告知一次。"),
    ),
    "supplement": Act(
        _("代交补正材料"),
        SupplementForm,
        _supplement_in,
        _("补正材料已收，受理时限重新起算。"),
        note=_("扫描办事人带来的补正材料。通知列出的每一项都要有文件。"),
    ),
    "refuse_acceptance": Act(
        _("不予受理"),
        RefuseAcceptanceForm,
        _plain(acceptance.refuse_acceptance, "reason", "explanation", "where_to_go"),
        _("不予受理决定书已发出。"),
        True,
        _("办件到此结束。不予受理决定书写明理由和救济途径，立即送达申请人。"),
    ),
    "hand_over": Act(_("转办"), EmptyForm, _plain(acceptance.hand_over), _("已转到承办部门。")),
    "decide": Act(_("作出决定"), DecideForm, _decide, _("决定已作出，文书已生成。")),
    "review_supplement": Act(_("要求补交材料"), ReviewSupplementForm, _supplement, _("补件通知已发出，时限照常计算。")),
    "suspend": Act(
        _("开始特别程序"),
        SuspendForm,
        _suspend,
        _("特别程序已开始，告知书已发出。"),
        note=_("从今天起暂停计时，所需时间书面告知申请人（《行政许可法》第四十五条）。"),
    ),
    "resume": Act(
        _("结束特别程序"),
        ResumeForm,
        lambda form, common: review.resume(
            **common, result=form.cleaned_data["result"], evidence=_evidence(form, common)
        ),
        _("特别程序已结束，时限恢复计算。"),
        note=_("时限从明天起恢复计算。"),
    ),
    "extend": Act(
        _("延长审批期限"),
        ExtendForm,
        _plain(review.extend, "kind", "workdays", "reason"),
        _("期限已延长，告知书已发出。"),
        note=_("依法只能延长一次，理由告知申请人（《行政许可法》第四十二条）。"),
    ),
    "certify": Act(_("制作结果文书"), EmptyForm, _plain(decision.certify), _("结果文书已制作，可以打印。")),
    "deliver": Act(
        _("送达"), DeliverForm, _plain(decision.deliver, "method", "recipient", "proof"), _("已送达，送达回证已生成。")
    ),
    "hand_in_deferred": Act(
        _("收到容缺材料"),
        EmptyForm,
        _plain(decision.hand_in_deferred),
        _("容缺材料已补齐。"),
        note=_("确认约定补交的容缺材料已经全部收到。"),
    ),
    "archive": Act(_("归档"), EmptyForm, _plain(decision.archive), _("已归档。")),
    "transfer_up": Act(
        _("转报上级"),
        TransferForm,
        _plain(decision.transfer_up, "authority", "reason"),
        _("已转报上级机关。"),
        True,
        ENDS,
    ),
    "withdraw": Act(
        _("代办撤回申请"),
        WithdrawForm,
        _plain(filing.withdraw_at_window, "reason", "request"),
        _("已撤回，撤回确认书已生成。"),
        True,
        _("只凭申请人本人签名的申请办理。撤回后所有时限停止，需要时可以重新申请。"),
    ),
    "terminate": Act(_("终止办理"), ReasonForm, _plain(decision.terminate, "reason"), _("已终止办理。"), True, ENDS),
    "change_licence": Act(
        _("撤销或注销证照"),
        LicenceForm,
        _plain(decision.change_licence, "licence_state", "reason"),
        _("已办理，验证页面即时显示。"),
        True,
        _("扫描证照二维码的人会马上看到它已失效。撤销前应当听取当事人意见。"),
    ),
    "void": Act(_("作废"), ReasonForm, _plain(decision.void, "reason"), _("已作废。"), True, ENDS),
}

SIMPLE = frozenset({"begin_pre_review", "receive", "accept", "hand_over", "certify", "archive"})
"""Acts that need no words: a button on the case page posts them directly."""


def step_act(task_id: int) -> Act:
    """Signing an opinion on one step."""
    return Act(
        _("签署意见"),
        StepForm,
        lambda form, common: review.complete_step(
            **common, task_id=task_id, conclusion=form.cleaned_data["conclusion"], opinion=form.cleaned_data["opinion"]
        ),
        _("意见已签署。"),
        heading=lambda case: gettext("签署意见：{step}").format(step=_step_name(case, task_id)),
    )


def return_act(task_id: int) -> Act:
    """Sending the case back from one step."""
    return Act(
        _("退回上一环节"),
        ReturnForm,
        lambda form, common: review.return_step(
            **common, task_id=task_id, to_task_id=int(form.cleaned_data["to_task"]), reason=form.cleaned_data["reason"]
        ),
        _("已退回。"),
        True,
        _("退回不停止计时，承诺时限照常计算；以前的意见保留。"),
        lambda case: gettext("退回：{step}").format(step=_step_name(case, task_id)),
    )


def _step_name(case: Case, task_id: int) -> str:
    task = StepTask.objects.filter(case=case, pk=task_id).first()
    return queries.step_label(task) if task else ""


@transaction.atomic
def perform(act: Act, form: ActionForm, *, at: datetime) -> Any:
    """Run the operation of an act with the cleaned form, its uploads with it or not at all. Raises the operation's refusals."""
    common = {"case_id": form.case.pk, "by": form.user, "at": at, "seen": form.cleaned_data["seen"]}
    return act.perform(form, common)
