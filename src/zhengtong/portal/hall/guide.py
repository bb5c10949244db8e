"""A guide (办事指南) as a visitor reads it: the elements of a matter put into words, sections and a drawn path."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import LegalBasis, Material, MatterDocument, Step
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import legal_clock
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import Budget
from zhengtong.portal.hall import values
from zhengtong.portal.hall.values import english, own
from zhengtong.security.pmi import public as pmi


@dataclass(frozen=True)
class MaterialLine:
    """A material as the applicant meets it: what, from whom, how many, and whether the county fetches it itself."""

    name: str
    issuer: str
    copies: str
    need: str
    tone: str
    condition: str
    shared_by: str
    deferrable: bool


@dataclass(frozen=True)
class Guide:
    """Everything the guide's page draws."""

    version: matters.MatterVersion
    department: Organization
    elements: MatterDocument
    facts: list[tuple[str, Any]]
    conditions: tuple[str, ...]
    to_bring: list[MaterialLine]
    fetched: list[MaterialLine]
    path: list[dict[str, Any]]
    laws: list[str]
    limits: list[tuple[str, Any]]
    example_due: date | None
    eligibility: list["Question"]
    fees: list[tuple[str, str]]
    free_basis: str
    places: list[dict[str, str]]


@dataclass(frozen=True)
class Question:
    """A yes/no question of the eligibility check; `wanted`: the answer that lets a person go on."""

    name: str
    text: str
    wanted: bool
    otherwise: str


def guide_of(matter: matters.Matter, *, today: date) -> Guide:
    """The guide of a matter's current version."""
    version = matter.current
    assert version is not None
    elements = version.elements
    bodies = _bodies(elements)
    lines = [_material_line(material, bodies) for material in elements.materials]
    return Guide(
        version=version,
        department=matter.department,
        elements=elements,
        facts=_facts(matter, elements),
        conditions=conditions(elements),
        to_bring=[line for line in lines if not line.shared_by],
        fetched=[line for line in lines if line.shared_by],
        path=_path(elements, matter.department, bodies),
        laws=[law_text(basis) for basis in elements.legal_basis],
        limits=_limits(elements),
        example_due=_due(today, elements.promised_workdays),
        eligibility=questions(elements),
        fees=_fees(elements),
        free_basis=law_text(elements.fees.basis) if elements.fees.basis else "",
        places=_places(matter.department, elements),
    )


def _bodies(elements: MatterDocument) -> Mapping[str, str]:
    codes = {step.department for step in elements.flat_steps() if step.department}
    codes |= {material.shared_by for material in elements.materials if material.shared_by}
    return {body.code: body.short_label for body in Organization.objects.filter(code__in=codes)}


def law_text(basis: LegalBasis) -> str:
    """《行政许可法》第三十二条."""
    return (
        f"《{basis.law}》{basis.article or ''}" if not basis.law.startswith("《") else basis.law + (basis.article or "")
    )


def days_text(n: int) -> str:
    """7个工作日."""
    return ngettext("{n}个工作日", "{n}个工作日", n).format(n=n)


def _facts(matter: matters.Matter, elements: MatterDocument) -> list[tuple[str, Any]]:
    audiences = _("、").join(str(values.AUDIENCE_CODES.get(code, code)) for code in elements.audiences)
    visits = (
        _("不用跑")
        if elements.visits == 0
        else ngettext("最多跑{n}次", "最多跑{n}次", elements.visits).format(n=elements.visits)
    )
    reason = own(elements.visit_reason, elements.visit_reason_en)
    return [
        (_("谁可以申请"), audiences),
        (_("办好后得到"), _result(elements)),
        (_("要跑几次"), visits + (f"（{reason}）" if reason and elements.visits else "")),
        (_("收费"), _("收费，见下方标准") if elements.fees.charged else _("不收费")),
        (_("办理部门"), matter.department.label),
        (_("事项类型"), str(values.TYPES.get(elements.type_code, elements.type_code))),
        (_("实施编码"), elements.implementation_code),
    ]


def _result(elements: MatterDocument) -> str:
    name = own(elements.result.name, elements.result.name_en)
    years = elements.result.validity_years
    until = ngettext("有效期{n}年", "有效期{n}年", years).format(n=years) if years else ""
    until = until or own(elements.result.validity or "", elements.result.validity_en)
    return f"{name}（{until}）" if until else name


def _limits(elements: MatterDocument) -> list[tuple[str, Any]]:
    statutory = elements.statutory_limit
    if statutory.days is not None:
        law = f"（《{statutory.law}》{statutory.article or ''}）" if statutory.law else ""
        legal = days_text(statutory.days) + law
    else:
        legal = statutory.reason or _("法律没有规定期限")
    promised = (
        _("当场办结")
        if elements.handling_type == "1" and elements.promised_workdays <= 1
        else days_text(elements.promised_workdays)
    )
    return [
        (_("本县承诺"), promised),
        (_("法律规定最长"), legal),
        (
            _("是否受理"),
            _("收到材料后{days}内答复；逾期不答复，依法视为受理").format(days=days_text(elements.acceptance_workdays)),
        ),
        (
            _("不计入的时间"),
            _("、").join(own(p.name, p.name_en) for p in elements.special_procedures if p.effect == "suspend")
            or _("没有"),
        ),
    ]


def _due(today: date, workdays: int) -> date | None:
    try:
        return legal_clock.due(Budget(today, workdays), calendars.current())
    except CalendarYearMissing:
        return None


def _material_line(material: Material, bodies: Mapping[str, str]) -> MaterialLine:
    issuer = own(material.issuer, material.issuer_en)
    shared = bodies.get(material.shared_by or "", issuer or _("相关部门")) if material.by_data_sharing else ""
    need, tone = (_("必须提供"), "info") if material.required else (_("符合条件时提供"), "")
    if shared:
        need, tone = _("不用您交"), "ok"
    counts = [_("原件{n}份").format(n=material.originals) if material.originals else ""]
    counts += [_("复印件{n}份").format(n=material.copies) if material.copies else ""]
    return MaterialLine(
        name=own(material.name, material.name_en),
        issuer=issuer,
        copies=_("、").join(filter(None, counts)),
        need=need,
        tone=tone,
        condition=own(material.condition or "", material.condition_en),
        shared_by=shared,
        deferrable=material.deferrable,
    )


def _path(elements: MatterDocument, department: Organization, bodies: Mapping[str, str]) -> list[dict[str, Any]]:
    window = {"label": _("受理"), "who": _("政务服务中心窗口"), "days": days_text(elements.acceptance_workdays)}
    groups: list[dict[str, Any]] = [{"mode": "single", "label": _("收件和受理"), "steps": [window]}]
    for group in elements.steps:
        steps = [_drawn(step, department, bodies) for step in group.steps]
        label = {
            "all": _("同时办理，都完成后进入下一步"),
            "any": _("任一完成即可"),
            "lead": _("同时征求意见，由牵头部门决定"),
        }
        parallel = len(steps) > 1
        groups.append(
            {
                "mode": "parallel" if parallel else "single",
                "label": label.get(group.mode, "") if parallel else "",
                "steps": steps,
            }
        )
    method = {
        "label": _("送达结果"),
        "who": _("网上、窗口或邮寄，由您选"),
        "days": days_text(elements.delivery_workdays),
    }
    return [*groups, {"mode": "single", "label": "", "steps": [method]}]


def _drawn(step: Step, department: Organization, bodies: Mapping[str, str]) -> dict[str, str]:
    township = step.role == "township_officer" and not step.department
    who = _("所在乡镇（街道）") if township else bodies.get(step.department, "") or department.short_label
    role = pmi.ROLES[step.role].label if step.role in pmi.ROLES else ""
    return {"label": own(step.name, step.name_en), "who": who, "role": str(role), "days": days_text(step.workdays)}


def _fees(elements: MatterDocument) -> list[tuple[str, str]]:
    rows = []
    for item in elements.fees.items:
        if item.amount is None:
            amount = _("按省里公布的标准")
        elif item.unit.startswith("元/"):
            amount = f"{item.amount} {item.unit}"
        else:
            amount = _("{amount}元").format(amount=item.amount)
        rows.append((own(item.name, item.name_en), amount))
    return rows


def _places(department: Organization, elements: MatterDocument) -> list[dict[str, str]]:
    if elements.places:
        return [place.model_dump() for place in elements.places]
    phone = elements.enquiry_phone or department.phone
    return [{"name": department.label, "address": department.address, "hours": "", "phone": phone}]


def questions(elements: MatterDocument) -> list[Question]:
    """The eligibility questions; a matter without its own asks whether each of its conditions is met."""
    if elements.eligibility:
        return [
            Question(f"q{n}", own(q.question, q.question_en), q.wanted, own(q.otherwise, q.otherwise_en))
            for n, q in enumerate(elements.eligibility)
        ]
    asked = _("您的情况是否符合：{condition}？")
    return [Question(f"q{n}", asked.format(condition=c), True, c) for n, c in enumerate(conditions(elements))]


def conditions(elements: MatterDocument) -> tuple[str, ...]:
    """What must be met, in the reader's language where all of it is translated."""
    whole = len(elements.conditions_en) == len(elements.conditions)
    return elements.conditions_en if english() and whole else elements.conditions


@dataclass(frozen=True)
class Verdict:
    """The answer of the eligibility check: go on, or what stands in the way."""

    ready: bool
    obstacles: list[str]


def judge(asked: list[Question], given: Mapping[str, Any]) -> tuple[Verdict | None, dict[str, str]]:
    """The verdict on the answers, or the sentences for questions left open. It informs; it refuses nobody (行政许可法 第三十二条)."""
    open_ones = {q.name: _("请选择是或否。") for q in asked if given.get(q.name) not in ("yes", "no")}
    if open_ones:
        return None, open_ones
    failed = [q.otherwise or q.text for q in asked if (given.get(q.name) == "yes") != q.wanted]
    return Verdict(not failed, failed), {}
