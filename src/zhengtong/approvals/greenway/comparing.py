"""What changed from one version of a template to the next, in the words of its pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.greenway.asked_once import Asked, label_of
from zhengtong.approvals.greenway.linting import Known, name_of
from zhengtong.approvals.greenway.models import own
from zhengtong.approvals.greenway.plans import BranchPlan, StagePlan, TemplateDocument
from zhengtong.approvals.greenway.states import LEVELS

AUDIENCES = {
    "1": gettext_lazy("自然人"),
    "2": gettext_lazy("企业法人"),
    "3": gettext_lazy("事业法人"),
    "4": gettext_lazy("社会组织法人"),
    "5": gettext_lazy("行政机关"),
    "6": gettext_lazy("其他组织"),
}


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `old` or `new` is empty when it came or went."""

    section: str
    label: str
    old: str
    new: str


def differences(
    old: TemplateDocument | None,
    new: TemplateDocument,
    known: Mapping[str, Known],
    bodies: Mapping[str, str],
    questions: Mapping[str, Asked],
) -> list[Difference]:
    """Everything that differs, in the order of the pages. Without `old`: everything that was written."""
    words = Words(known, bodies, questions)
    before = dict(words.of(old)) if old else {}
    after = dict(words.of(new))
    places = [*after, *(place for place in before if place not in after)]
    return [
        Difference(*place, before.get(place, ""), after.get(place, ""))
        for place in places
        if before.get(place, "") != after.get(place, "")
    ]


@dataclass(frozen=True)
class Words:
    """A template as ((section, label), text)."""

    known: Mapping[str, Known]
    bodies: Mapping[str, str]
    questions: Mapping[str, Asked]

    def of(self, document: TemplateDocument) -> Iterator[tuple[tuple[str, str], str]]:
        """Everything a template says."""
        section = _("基本信息")
        for label, value in (
            (_("名称"), document.name),
            (_("英文名称"), document.name_en),
            (_("说明"), document.description),
            (_("英文说明"), document.description_en),
            (_("服务对象"), "、".join(str(AUDIENCES.get(code, code)) for code in document.audiences)),
            (_("牵头部门"), self.body(document.lead_department)),
            (_("全程时限（工作日）"), document.total_limit_workdays),
            (_("有代办员"), document.assisted),
            (_("乡镇可受理"), document.township_acceptance),
            (_("备注"), document.note),
        ):
            yield (section, label), _said(value)
        for field in document.questions:
            options = "；".join(f"{one.value} {one.label}" for one in field.options)
            yield (
                (_("情形问题"), own(field.label, field.label_en)),
                " · ".join(filter(None, [field.key, field.label, field.label_en, options])),
            )
        for stage in document.stages:
            yield from self._stage(stage)

    def _stage(self, stage: StagePlan) -> Iterator[tuple[tuple[str, str], str]]:
        title = own(stage.name, stage.name_en)
        for label, value in (
            (_("牵头部门"), self.body(stage.lead_department)),
            (_("联合时限（工作日）"), stage.limit_workdays),
            (_("时限依据"), stage.limit_basis),
            (_("可延长（工作日）"), stage.extension_workdays),
            (_("延长依据"), stage.extension_basis),
            (_("只交一次的材料"), "、".join(stage.shared_materials)),
            (_("只填一次的内容"), "、".join(label_of(key, self.questions) for key in stage.shared_fields)),
            (_("只选一项"), "；".join("／".join(map(self.matter, group)) for group in stage.choose_one)),
        ):
            yield (title, label), _said(value)
        for branch in stage.branches:
            yield (title, self.matter(branch.matter)), self.branch(branch)

    def branch(self, branch: BranchPlan) -> str:
        """One matter in a line or two."""
        parts = [_("必办") if not branch.condition else _("条件：{text}").format(text=branch.condition)]
        if branch.role == "lead":
            parts.append(_("牵头事项"))
        if branch.prerequisites:
            parts.append(_("要先办：{names}").format(names="、".join(map(self.matter, branch.prerequisites))))
        if branch.level != "county":
            parts.append(f"{LEVELS[branch.level]} {branch.authority}".strip())
        return " · ".join(str(part) for part in parts)

    def matter(self, key: str) -> str:
        """What a matter is called."""
        return name_of(key, self.known)

    def body(self, code: str) -> str:
        """What a body is called."""
        return self.bodies.get(code, code)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return "" if value is None else str(value)
