"""A small bundle and a small project over three matters, played step by step; events are delivered between the steps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.approvals.cases.play import elements, group, step
from tests.factories import SmallCounty, at
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import public as greenway
from zhengtong.approvals.matters import public as matters
from zhengtong.kernel.identifiers import matter_code
from zhengtong.security.accounts import public as accounts

PDF = b"%PDF-1.4\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
STEPS = [
    group(1, step("review", "case_officer", "handle", 2)),
    group(2, step("decision", "approver", "decide", 1)),
]
FORM = {
    "fields": [
        {"key": "shop", "label": "店名", "type": "text"},
        {"key": "area", "label": "面积", "type": "number", "validation": {"rule": "range", "min": 5, "max": 500}},
    ]
}
SITE = {
    "kind": "hearing",
    "name": "听证",
    "basis": {"law": "行政许可法", "article": "第四十七条"},
    "max_workdays": 20,
    "clocks": ["statutory", "promised"],
}
MATTERS = {"front": ("market-regulation", 5, 1), "back": ("health", 3, 2), "side": ("fire-rescue", 3, 3)}


CHARGED = {
    "charged": True,
    "basis": {"law": "某收费规定", "article": "第三条", "checked": True},
    "items": [{"name": "工本费", "rule": "fixed", "amount": "20", "unit": "元/证", "rate_checked": True}],
}


def publish_matters(*, charged: tuple[str, ...] = ()) -> None:
    """Front (5 working days), back (3, rests on front), side (3); all want the same plan and ask for the same shop."""
    for key, (department, days, main) in MATTERS.items():
        basic = matter_code.make_basic(type_code="01", department="24", main=main)
        own = {"key": f"{key}_count", "label": f"{key}人数", "type": "number"}
        document = elements(
            key=f"{key}-licence",
            name=f"{key}许可",
            name_en=f"{key} licence",
            department=department,
            basic_code=basic,
            implementation_code=f"11431321DEM00025X9{basic}"[:18] + f"4{basic}",
            promised_workdays=days,
            steps=STEPS,
            special_procedures=[SITE],
            materials=[
                {"no": 1, "name": "平面图", "originals": 1},
                {"no": 2, "name": f"{key}说明", "originals": 1},
                {"no": 3, "name": "营业执照", "by_data_sharing": True, "shared_by": "market-regulation"},
            ],
            form={"fields": [*FORM["fields"], own]},
            **({"fees": CHARGED} if key in charged else {}),
        )
        matters.publish_as_system(document=document, at=at("2026-09-01"), reason="测试")


def branch(matter: str, department: str, **more: Any) -> dict[str, Any]:
    return {"matter": f"{matter}-licence", "department": department, **more}


def template(**changes: Any) -> greenway.TemplateDocument:
    """A bundle: front and back always, side when there is a crowd; ten working days together."""
    raw: dict[str, Any] = {
        "key": "open-a-shop",
        "kind": "bundle",
        "name": "开店一件事",
        "name_en": "Open a shop",
        "audiences": ["1", "2"],
        "lead_department": "market-regulation",
        "questions": [{"key": "crowd", "label": "场所属于公众聚集场所吗", "type": "boolean"}],
        "stages": [
            {
                "no": 1,
                "key": "all",
                "name": "开店",
                "lead_department": "market-regulation",
                "limit_workdays": 10,
                "branches": [
                    branch("front", "market-regulation", role="lead"),
                    branch("back", "health", prerequisites=["front-licence"]),
                    branch("side", "fire-rescue", required=False, condition="crowd = true"),
                ],
            }
        ],
    }
    return greenway.TemplateDocument.model_validate({**raw, **changes})


class Shop:
    """The bundle of one applicant; `now` moves only when told."""

    def __init__(
        self, county: SmallCounty, applicant: Any, deliver: Callable[..., int], *, charged: Any = (), **changes: Any
    ) -> None:
        self.county, self.applicant, self.tell = county, applicant, deliver
        self.now = at("2026-09-21 09:00")
        publish_matters(charged=charged)
        greenway.publish_template(document=template(**changes), reason="测试", by=None, at=self.now)
        principal = accounts.principals_of(applicant, on=self.now.date())[0]
        self.project = greenway.open_project(
            template=greenway.template("open-a-shop"), principal=principal, by=applicant, at=self.now
        )
        self.joint_id = self.project.joints.get().pk

    def later(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now

    def go(self, when: str) -> "Shop":
        self.now = at(when)
        return self

    @property
    def joint(self) -> Any:
        return greenway.JointCase.objects.select_related("project__template", "lead", "notice").get(pk=self.joint_id)

    def branch(self, key: str) -> Any:
        return greenway.Branch.objects.select_related("case").get(joint=self.joint_id, matter_key=f"{key}-licence")

    def deliver(self) -> "Shop":
        self.tell(now=self.now)
        return self

    def drafting(self, crowd: bool = False) -> "Shop":
        greenway.begin_stage(joint_id=self.joint_id, by=self.applicant, at=self.now)
        greenway.answer_situation(joint_id=self.joint_id, answers={"crowd": crowd}, by=self.applicant, at=self.now)
        return self

    def filled(self, crowd: bool = False) -> "Shop":
        self.drafting(crowd)
        common = {"shop": "永丰米粉", "area": 60}
        greenway.answer_common(joint_id=self.joint_id, answers=common, by=self.applicant, at=self.now)
        for key in ("front", "back", "side") if crowd else ("front", "back"):
            answers = {f"{key}_count": 2}
            greenway.answer_branch(branch_id=self.branch(key).pk, answers=answers, by=self.applicant, at=self.now)
        return self

    def paper(self, name: str, by: Any = None) -> int:
        upload = SimpleUploadedFile("图.pdf", PDF, "application/pdf")
        return greenway.give_material(
            joint_id=self.joint_id, name=name, uploads=[upload], by=by or self.applicant, at=self.now
        )

    def submitted(self, crowd: bool = False) -> "Shop":
        self.filled(crowd)
        for name in ("平面图", "front说明", "back说明", *(["side说明"] if crowd else [])):
            self.paper(name)
        greenway.submit(joint_id=self.joint_id, by=self.applicant, at=self.now)
        return self

    def accepted(self, crowd: bool = False) -> "Shop":
        self.submitted(crowd)
        clerk = self.county.window_officer
        greenway.judge(joint_id=self.joint_id, judgements={}, all_in_order=True, by=clerk, at=self.later(hours=1))
        greenway.accept(joint_id=self.joint_id, by=clerk, at=self.later(minutes=5))
        return self.deliver()

    def people(self, key: str) -> tuple[Any, Any]:
        county = self.county
        return {
            "front": (county.case_officer, county.approver),
            "back": (county.health_officer, county.health_approver),
            "side": (county.fire_officer, county.fire_approver),
        }[key]

    def reviewed(self, key: str) -> "Shop":
        case = self.branch(key).case
        task = case.tasks.get(key="review")
        cases.complete_step(
            case_id=case.pk,
            task_id=task.pk,
            conclusion="agree",
            opinion="符合规定",
            by=self.people(key)[0],
            at=self.later(hours=1),
        )
        return self.deliver()

    def decide(self, key: str, outcome: str = "grant") -> Any:
        refuse = outcome == "refuse"
        found = cases.decide(
            case_id=self.branch(key).case_id,
            outcome=outcome,
            opinion="符合法定条件，准予。",
            reason="conditions_not_met" if refuse else "",
            hearing="not_required" if refuse else "",
            by=self.people(key)[1],
            at=self.later(hours=1),
        )
        self.deliver()
        return found

    def clock(self) -> Any:
        return next(iter(greenway.clocks(self.project.pk)))
