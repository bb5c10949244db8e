"""A template as pages of inputs: what it is, its questions, a stage with its matters; and back as the typed document."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.greenway import asked_once, linting
from zhengtong.approvals.greenway.comparing import AUDIENCES
from zhengtong.approvals.greenway.models import own
from zhengtong.approvals.greenway.plans import BranchPlan, StagePlan, TemplateDocument
from zhengtong.approvals.greenway.states import LEVELS
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import FormField
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.forms import OperationForm

MOST_ROWS = 60
TYPES = [
    ("boolean", gettext_lazy("是或否")),
    ("choice", gettext_lazy("单选")),
    ("number", gettext_lazy("数字")),
    ("date", gettext_lazy("日期")),
    ("text", gettext_lazy("文字")),
]
ROLES = [("lead", gettext_lazy("牵头")), ("joint", gettext_lazy("联合")), ("parallel", gettext_lazy("并联"))]
KEY = r"^[a-z][a-z0-9_]{0,39}$"
Choices = Sequence[tuple[str, Any]]


def bodies() -> dict[str, str]:
    """The bodies that handle matters, by their code."""
    rows = Organization.objects.filter(matters__isnull=False, dissolved_on__isnull=True).distinct().order_by("path")
    return {body.code: body.short_label for body in rows}


def _body_field(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[], error_messages={"required": gettext_lazy("请选择部门。")})


def _set(field: forms.Field, choices: Choices) -> None:
    field.choices = choices  # type: ignore[attr-defined]


class NewTemplateForm(OperationForm):
    """A template of one's own: its name and who leads it; everything else follows page by page."""

    kind = forms.ChoiceField(
        label=gettext_lazy("类别"),
        choices=[("bundle", gettext_lazy("一件事")), ("project", gettext_lazy("投资项目"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择类别。")},
    )
    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=120, error_messages={"required": gettext_lazy("请填写名称。")}
    )
    key = forms.RegexField(
        label=gettext_lazy("键"),
        regex=r"^[a-z0-9-]{2,60}$",
        help_text=gettext_lazy("网址里用的名字，如 open-a-restaurant，定了就不能改"),
        error_messages={
            "invalid": gettext_lazy("只能用小写字母、数字和短横线，2到60个。"),
            "required": gettext_lazy("请填写键。"),
        },
    )
    lead_department = _body_field(gettext_lazy("牵头部门"))
    reason = forms.CharField(
        label=gettext_lazy("变更说明"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("为什么新增，例如依据的文件"),
    )

    def __init__(self, *args: Any, departments: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        _set(self.fields["lead_department"], list(departments.items()))


class BasicForm(OperationForm):
    """What it is called, for whom it is, who leads it."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("变更说明"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("为什么改、依据什么文件；写在历史版本里，没有写的不能提交审核"),
    )
    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=120, error_messages={"required": gettext_lazy("请填写名称。")}
    )
    name_en = forms.CharField(label=gettext_lazy("英文名称"), max_length=160, required=False)
    description = forms.CharField(
        label=gettext_lazy("说明"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    description_en = forms.CharField(
        label=gettext_lazy("英文说明"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    audiences = forms.MultipleChoiceField(
        label=gettext_lazy("服务对象"),
        choices=list(AUDIENCES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请选择服务对象。")},
    )
    lead_department = _body_field(gettext_lazy("牵头部门"))
    total_limit_workdays = forms.IntegerField(
        label=gettext_lazy("全程时限（工作日）"),
        min_value=1,
        max_value=999,
        required=False,
        help_text=gettext_lazy("空着就是各阶段联合时限之和"),
    )
    assisted = forms.BooleanField(label=gettext_lazy("有代办员（项目代办）"), required=False)
    township_acceptance = forms.BooleanField(label=gettext_lazy("乡镇可受理"), required=False)
    note = forms.CharField(
        label=gettext_lazy("备注"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, departments: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        _set(self.fields["lead_department"], list(departments.items()))

    def document(self, before: TemplateDocument) -> TemplateDocument:
        """The template with what was typed."""
        given = {k: v for k, v in self.cleaned_data.items() if k not in ("seen", "reason")}
        return _again(before, {**given, "audiences": tuple(given["audiences"])})


def _again(document: TemplateDocument, changes: Mapping[str, Any]) -> TemplateDocument:
    return TemplateDocument.model_validate({**document.model_dump(), **changes})


class RowForm(forms.Form):
    """A row of a page: its place among the others, and whether it goes."""

    named = ""
    place = forms.IntegerField(label=gettext_lazy("顺序"), min_value=1, max_value=999, required=False)

    @property
    def title(self) -> str:
        """What the row is recognised by while it is folded."""
        value = str(self[self.named].value() or "")
        if self.named == "label":
            return own(value, str(self["label_en"].value() or "")) if value else _("新的一行")
        choices = dict(getattr(self.fields[self.named], "choices", ()))
        return str(choices.get(value, value)) if value else _("新的一行")

    @property
    def is_new(self) -> bool:
        """True for the empty row that was asked for."""
        return not self.initial


class QuestionForm(RowForm):
    """One question that switches matters on or off."""

    named = "label"
    key = forms.RegexField(
        label=gettext_lazy("键"),
        regex=KEY,
        max_length=40,
        help_text=gettext_lazy("条件里用的名字，如 large_sign"),
        error_messages={
            "invalid": gettext_lazy("以小写字母开头，只用小写字母、数字和下划线。"),
            "required": gettext_lazy("请填写键。"),
        },
    )
    label = forms.CharField(
        label=gettext_lazy("问题"), max_length=200, error_messages={"required": gettext_lazy("请填写问题。")}
    )
    label_en = forms.CharField(label=gettext_lazy("英文问题"), max_length=300, required=False)
    type = forms.ChoiceField(label=gettext_lazy("怎样回答"), choices=TYPES)
    options = forms.CharField(
        label=gettext_lazy("选项"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("单选题每行一个：值 | 名称 | 英文"),
    )
    remove = forms.BooleanField(label=gettext_lazy("去掉这个问题"), required=False)

    def clean_options(self) -> list[dict[str, str]]:
        """Each line as a choice."""
        found = []
        for line in self.cleaned_data["options"].splitlines():
            parts = [part.strip() for part in line.replace("｜", "|").split("|")]
            if not any(parts):
                continue
            if len(parts) < 2 or not parts[0] or not parts[1]:
                raise forms.ValidationError(_("每行写“值 | 名称 | 英文”，例如：filing | 备案管理 | Filing"))
            found.append({"value": parts[0], "label": parts[1], "label_en": parts[2] if len(parts) > 2 else ""})
        return found


class StageForm(OperationForm):
    """Who leads a stage, how long it may take, which papers are given once."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("阶段名称"), max_length=80, error_messages={"required": gettext_lazy("请填写阶段名称。")}
    )
    name_en = forms.CharField(label=gettext_lazy("英文名称"), max_length=120, required=False)
    lead_department = _body_field(gettext_lazy("牵头部门"))
    limit_workdays = forms.IntegerField(
        label=gettext_lazy("联合时限（工作日）"),
        min_value=1,
        max_value=365,
        help_text=gettext_lazy("统一办理、联合办理、集中办理最长45个工作日（行政许可法第四十二条第二款）"),
        error_messages={"required": gettext_lazy("请填写联合时限。")},
    )
    limit_basis = forms.CharField(
        label=gettext_lazy("时限依据"),
        max_length=120,
        error_messages={"required": gettext_lazy("请写明时限的依据。")},
    )
    extension_workdays = forms.IntegerField(
        label=gettext_lazy("最多可延长（工作日）"),
        min_value=0,
        max_value=60,
        error_messages={"required": gettext_lazy("请填写可延长的天数，不能延长的填0。")},
    )
    extension_basis = forms.CharField(label=gettext_lazy("延长依据"), max_length=120, required=False)
    shared_materials = forms.MultipleChoiceField(
        label=gettext_lazy("只交一次的材料"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        choices=[],
        help_text=gettext_lazy("本阶段两个以上事项都要的材料；群众在指南里看到它们只交一次"),
    )

    shared_fields = forms.MultipleChoiceField(
        label=gettext_lazy("只填一次的内容"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        choices=[],
        help_text=gettext_lazy("本阶段两个以上事项都问的内容；群众在指南里看到它们只填一次"),
        error_messages={
            "invalid_choice": gettext_lazy("本阶段没有两个事项都问“%(value)s”，不能设为只填一次。请从列出的内容里选。")
        },
    )

    def __init__(
        self,
        *args: Any,
        departments: Mapping[str, str],
        materials: Sequence[str],
        questions: Mapping[str, str],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        _set(self.fields["lead_department"], list(departments.items()))
        _set(self.fields["shared_materials"], [(name, name) for name in materials])
        _set(self.fields["shared_fields"], list(questions.items()))
        if not materials:
            del self.fields["shared_materials"]
        if not questions and not self.is_bound:
            del self.fields["shared_fields"]


class BranchForm(RowForm):
    """One matter of a stage: whether it is needed, what it waits for, who handles it."""

    named = "matter"
    matter = forms.ChoiceField(
        label=gettext_lazy("事项"), choices=[], error_messages={"required": gettext_lazy("请选择事项。")}
    )
    role = forms.ChoiceField(label=gettext_lazy("作用"), choices=ROLES)
    condition = forms.CharField(
        label=gettext_lazy("什么情况要办（表达式）"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("空着就是必办；用情形问题的键，如 large_sign = true"),
    )
    condition_text = forms.CharField(label=gettext_lazy("什么情况要办（文字）"), max_length=120, required=False)
    prerequisites = forms.MultipleChoiceField(
        label=gettext_lazy("要先办好的事项（前置）"), widget=forms.CheckboxSelectMultiple, required=False, choices=[]
    )
    group = forms.CharField(
        label=gettext_lazy("只选一项的组"),
        max_length=4,
        required=False,
        help_text=gettext_lazy("同一个字的几项只能选一项，如“甲”"),
    )
    level = forms.ChoiceField(label=gettext_lazy("由哪一级办"), choices=list(LEVELS.items()))
    authority = forms.CharField(label=gettext_lazy("办理机关（上级或专线）"), max_length=80, required=False)
    remove = forms.BooleanField(label=gettext_lazy("去掉这个事项"), required=False)

    def __init__(self, *args: Any, choices: Choices, others: Choices, **options: Any) -> None:
        super().__init__(*args, **options)
        _set(self.fields["matter"], [("", "—"), *choices])
        own = self["matter"].value()
        _set(self.fields["prerequisites"], [(key, name) for key, name in others if key != own])


class Editor:
    """The pages of one draft."""

    def __init__(self, document: TemplateDocument, revision: int) -> None:
        self.document, self.revision = document, revision
        self.known = linting.known_matters()
        self.departments = bodies()

    # --- basic ---

    def basic(self, data: QueryDict | None, reason: str) -> BasicForm:
        """What the template is."""
        names = ("name", "name_en", "description", "description_en", "lead_department", "total_limit_workdays")
        found: dict[str, Any] = {name: getattr(self.document, name) for name in names}
        for name in ("assisted", "township_acceptance", "note"):
            found[name] = getattr(self.document, name)
        found |= {"audiences": list(self.document.audiences), "seen": self.revision, "reason": reason}
        return BasicForm(data, initial=found, departments=self.departments)

    # --- questions ---

    def questions(self, data: QueryDict | None, *, blank: bool) -> list[QuestionForm]:
        """The questions, and an empty row where one is added."""
        kept = [
            QuestionForm(data, prefix=f"q{number}", initial={**self._asked(field), "place": number + 1})
            for number, field in enumerate(self.document.questions)
        ]
        return kept + _added(data, "q", len(kept), blank, lambda prefix: QuestionForm(data, prefix=prefix))

    def _asked(self, field: FormField) -> dict[str, Any]:
        lines = (" | ".join(filter(None, (one.value, one.label, one.label_en))) for one in field.options)
        return {
            "key": field.key,
            "label": field.label,
            "label_en": field.label_en,
            "type": field.type,
            "options": "\n".join(lines),
        }

    def with_questions(self, rows: Sequence[QuestionForm]) -> TemplateDocument:
        """The template with these questions; what a page does not ask of one stays as it was."""
        before = {field.key: field.model_dump() for field in self.document.questions}
        fields = []
        for row in rows:
            given = {k: v for k, v in row.cleaned_data.items() if k not in ("remove", "place")}
            if given["type"] != "choice":
                given["options"] = []
            fields.append({**before.get(given["key"], {}), **given})
        return _again(self.document, {"questions": fields})

    # --- a stage ---

    def stage(self, key: str) -> StagePlan:
        """A stage of the draft. Raises `StopIteration`."""
        return self.document.stage(key)

    def stage_form(self, stage: StagePlan, data: QueryDict | None) -> StageForm:
        """What a stage is."""
        names = ("name", "name_en", "lead_department", "limit_workdays", "limit_basis")
        found: dict[str, Any] = {name: getattr(stage, name) for name in names}
        for name in ("extension_workdays", "extension_basis"):
            found[name] = getattr(stage, name)
        found |= {"shared_materials": list(stage.shared_materials), "seen": self.revision}
        found["shared_fields"] = list(stage.shared_fields)
        names_of, questions = shared_names(stage), shared_questions(stage)
        return StageForm(data, initial=found, departments=self.departments, materials=names_of, questions=questions)

    def branches(self, stage: StagePlan, data: QueryDict | None, *, blank: bool) -> list[BranchForm]:
        """Its matters, and an empty row where one is added."""
        letters = {key: "甲乙丙丁戊己庚辛"[n % 8] for n, group in enumerate(stage.choose_one) for key in group}
        more: dict[str, Any] = {"choices": self._choices(), "others": self._others(stage)}
        kept = [
            BranchForm(data, prefix=f"b{number}", initial={**_row(branch, letters), "place": number + 1}, **more)
            for number, branch in enumerate(stage.branches)
        ]
        made = _added(data, "b", len(kept), blank, lambda prefix: BranchForm(data, prefix=prefix, **more))
        return kept + made

    def _choices(self) -> Choices:
        found = [
            (key, f"{one.name}（{self.departments.get(one.department, one.department)}）")
            for key, one in self.known.items()
        ]
        gone = [(key, key) for key in self._keys() if key not in self.known]
        return [*found, *gone]

    def _keys(self) -> list[str]:
        return [branch.matter for stage in self.document.stages for branch in stage.branches]

    def _others(self, stage: StagePlan) -> Choices:
        upto = [one for one in self.document.stages if one.no <= stage.no]
        waited_for = {key for branch in stage.branches for key in branch.prerequisites}
        keys = [branch.matter for one in upto for branch in one.branches]
        keys += sorted(waited_for - set(keys))
        return [(key, linting.name_of(key, self.known)) for key in keys]

    def with_stage(self, stage: StagePlan, form: StageForm, rows: Sequence[BranchForm]) -> TemplateDocument:
        """The template with this stage as it was typed."""
        given = {k: v for k, v in form.cleaned_data.items() if k != "seen"}
        before = {branch.matter: branch for branch in stage.branches}
        branches = [self._branch(row.cleaned_data, before) for row in rows]
        groups: dict[str, list[str]] = {}
        for row in rows:
            if letter := row.cleaned_data["group"].strip():
                groups.setdefault(letter, []).append(row.cleaned_data["matter"])
        changed = {
            **stage.model_dump(),
            **given,
            "branches": branches,
            "choose_one": [tuple(group) for group in groups.values()],
        }
        stages = [changed if one.key == stage.key else one.model_dump() for one in self.document.stages]
        return _again(self.document, {"stages": stages})

    def _branch(self, given: Mapping[str, Any], before: Mapping[str, BranchPlan]) -> dict[str, Any]:
        key = given["matter"]
        old, published = before.get(key), self.known.get(key)
        department = published.department if published else old.department if old else self.document.lead_department
        names = ("matter", "role", "condition", "condition_text", "level", "authority")
        return {
            **{name: given[name] for name in names},
            "required": not given["condition"],
            "prerequisites": tuple(given["prerequisites"]),
            "department": department,
            "adapter": old.adapter if old else "",
        }

    def with_another_stage(self) -> TemplateDocument:
        """One more stage at the end, empty."""
        stages = [one.model_dump() for one in self.document.stages]
        number = max((one.no for one in self.document.stages), default=0) + 1
        keys = {one.key for one in self.document.stages}
        key = next(f"stage-{n}" for n in range(number, number + 99) if f"stage-{n}" not in keys)
        fresh = StagePlan(
            no=number,
            key=key,
            name=_("第{n}阶段").format(n=number),
            lead_department=self.document.lead_department,
            limit_workdays=20,
            branches=(),
        )
        return _again(self.document, {"stages": [*stages, fresh.model_dump()]})

    def without_stage(self, key: str) -> TemplateDocument:
        """The others, numbered anew."""
        left = [one.model_dump() for one in self.document.stages if one.key != key]
        return _again(self.document, {"stages": [{**one, "no": n} for n, one in enumerate(left, 1)]})


def _row(branch: BranchPlan, letters: Mapping[str, str]) -> dict[str, Any]:
    names = ("matter", "role", "condition", "condition_text", "level", "authority")
    found: dict[str, Any] = {name: getattr(branch, name) for name in names}
    return found | {"prerequisites": list(branch.prerequisites), "group": letters.get(branch.matter, "")}


def _added(data: QueryDict | None, letter: str, kept: int, blank: bool, make: Any) -> list[Any]:
    """Rows beyond those that are kept: as many as came back, or one empty one."""
    if data is None:
        return [make(f"{letter}{kept}")] if blank else []
    written = data.get("rows", "")
    count = min(int(written) if written.isdigit() else kept, MOST_ROWS)
    return [make(f"{letter}{number}") for number in range(kept, count) if _any(data, f"{letter}{number}")]


def _any(data: QueryDict, prefix: str) -> bool:
    """True when something was written into a new row: an empty one is left out."""
    return any(data.get(f"{prefix}-{name}", "").strip() for name in ("matter", "key", "label"))


def checked(rows: Sequence[forms.Form], data: QueryDict) -> tuple[bool, list[Any]]:
    """(whether every row that stays is sound, those rows)."""
    left = [row for row in rows if not data.get(row.add_prefix("remove"))]
    wrong = [row for row in left if not row.is_valid()]
    sound = not wrong
    return sound, sorted(left, key=lambda row: row.cleaned_data.get("place") or 999) if sound else left


def shared_names(stage: StagePlan) -> list[str]:
    """The papers that two or more matters of a stage ask for, and those that are chosen already."""
    keys = [branch.matter for branch in stage.branches]
    counted: dict[str, int] = {}
    for matter in matters.Matter.objects.select_related("current").filter(key__in=keys, current__isnull=False):
        assert matter.current is not None
        for name in {material.name for material in matter.current.elements.materials}:
            counted[name] = counted.get(name, 0) + 1
    return sorted({*(name for name, times in counted.items() if times > 1), *stage.shared_materials})


def shared_questions(stage: StagePlan) -> dict[str, str]:
    """The questions that two or more matters of a stage ask alike, and those that are chosen already, with their key to tell them apart."""
    known = asked_once.asked([stage])
    keys = [*stage.shared_fields, *sorted(key for key, one in known.items() if one.common)]
    return {key: f"{known[key].label}（{key}）" if key in known else key for key in dict.fromkeys(keys)}
