"""A published matter of the small county and a case played step by step, as a clerk would."""

from datetime import datetime, timedelta
from typing import Any

from tests.factories import SmallCounty, at, grant, make_officer
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.files import public as files
from zhengtong.security.accounts import public as accounts

PDF = b"%PDF-1.4\ntrailer<</Root 1 0 R>>\n%%EOF\n"
LAW = {"law": "行政许可法", "version": "2019-04-23", "checked": True}


def step(key: str, role: str, kind: str, days: int, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key, "role": role, "kind": kind, "workdays": days, **more}


def group(no: int, *steps: dict[str, Any], mode: str = "single") -> dict[str, Any]:
    return {"no": no, "mode": mode, "steps": list(steps)}


GROUPS = [
    group(
        1,
        step("review", "case_officer", "handle", 2),
        step("health", "case_officer", "consult", 2, department="health"),
        mode="all",
    ),
    group(2, step("check", "section_head", "review", 1)),
    group(3, step("decision", "approver", "decide", 1)),
    group(4, step("certificate", "certificate_clerk", "certify", 1)),
]


def elements(**changes: Any) -> matters.MatterDocument:
    """A licence decided in seven working days (statutory twenty) by two departments in parallel, a reviewer and an approver."""
    raw: dict[str, Any] = {
        "key": "test-licence",
        "name": "小餐饮经营许可",
        "name_en": "Small catering licence",
        "type_code": "01",
        "department": "market-regulation",
        "basic_code": "430124005W00",
        "implementation_code": "11431321DEM00025X94430124005W00",
        "audiences": ["1", "2"],
        "handling_type": "2",
        "legal_basis": [{**LAW, "article": "第十二条", "article_no": 12, "anchor": "许可"}],
        "statutory_limit": {
            "days": 20,
            "unit_in_law": "日",
            "day_kind": "workday_by_law",
            "law": "行政许可法",
            "article": "第四十二条",
        },
        "promised_workdays": 7,
        "special_procedures": [
            {
                "kind": "site",
                "name": "现场核查",
                "basis": {**LAW, "article": "第三十四条"},
                "max_workdays": 10,
                "clocks": ["promised"],
            },
            {
                "kind": "hearing",
                "name": "听证",
                "basis": {**LAW, "article": "第四十七条"},
                "max_workdays": 20,
                "max_from": "law",
                "clocks": ["statutory", "promised"],
            },
            {
                "kind": "extension",
                "name": "延长审批",
                "basis": {**LAW, "article": "第四十二条"},
                "max_workdays": 10,
                "max_from": "law",
                "effect": "extend",
                "clocks": ["statutory"],
            },
        ],
        "conditions": ["有固定经营场所"],
        "materials": [
            {"no": 1, "name": "布局图", "originals": 1},
            {"no": 2, "name": "营业执照", "by_data_sharing": True, "shared_by": "market-regulation"},
            {"no": 3, "name": "授权委托书", "required": False, "condition": "委托他人办理时"},
        ],
        "steps": GROUPS,
        "fees": {"charged": False, "basis": {**LAW, "article": "第五十八条"}},
        "result": {"name": "小餐饮经营许可证", "kind": "licence", "validity_years": 3},
        "online": {"depth": 4, "end_to_end": True},
        "remedies": "可在六十日内向双峰县人民政府申请行政复议，或者在六个月内向人民法院提起行政诉讼。",
        "enquiry_phone": "0738-0000000",
        "complaint_phone": "12345",
        "form": {
            "fields": [
                {"key": "shop", "label": "店名", "type": "text", "validation": {"rule": "length", "maxlen": 60}},
                {
                    "key": "area",
                    "label": "面积",
                    "type": "number",
                    "validation": {"rule": "range", "min": 5, "max": 500},
                },
            ]
        },
    }
    return matters.MatterDocument.model_validate({**raw, **changes})


class Play:
    """One matter, its people, and a case that is moved by short words; `now` moves only when told."""

    def __init__(self, county: SmallCounty, applicant: Any, **changes: Any) -> None:
        self.county, self.applicant = county, applicant
        self.now = at("2026-09-21 09:00")
        matters.publish_as_system(document=elements(**changes), at=at("2026-09-01"), reason="测试")
        self.matter = matters.get_matter("test-licence")
        self.case: Any = None

    def go(self, when: str) -> "Play":
        """Move the time to `when`."""
        self.now = at(when)
        return self

    def later(self, **delta: float) -> datetime:
        """A little later."""
        self.now += timedelta(**delta)
        return self.now

    @property
    def fresh(self) -> Any:
        """The case as the database has it."""
        self.case = cases.get(self.case.pk)
        return self.case

    def draft(self) -> "Play":
        principal = accounts.principals_of(self.applicant, on=self.now.date())[0]
        self.case = cases.start_draft(matter=self.matter, principal=principal, by=self.applicant, at=self.now)
        cases.save_answers(
            case_id=self.case.pk, answers={"shop": "永丰米粉", "area": 60}, by=self.applicant, at=self.now
        )
        self.paper()
        return self

    def paper(self, number: int = 1) -> "Play":
        item = self.case.checklist.get(material_no=number)
        files.keep_bytes(
            content=PDF,
            name="布局图.pdf",
            mime="application/pdf",
            owner_kind=cases.MATERIAL,
            owner_id=item.pk,
            by=self.applicant.pk,
            at=self.now,
        )
        return self

    def submitted(self) -> "Play":
        self.draft()
        self.case = cases.submit(case_id=self.case.pk, by=self.applicant, at=self.now)
        return self

    def received(self) -> "Play":
        self.submitted()
        self.case = cases.receive(case_id=self.case.pk, by=self.county.window_officer, at=self.later(hours=1))
        return self

    def judge(self, judgement: str = "ok", problem: str = "", remark: str = "") -> "Play":
        pending = self.case.checklist.filter(judgement="pending")
        verdicts = {
            item.material_no: (judgement if item.required else "not_needed", problem, remark) for item in pending
        }
        cases.judge_materials(case_id=self.case.pk, judgements=verdicts, by=self.county.window_officer, at=self.now)
        return self

    def accepted(self, *, hand_over: bool = True) -> "Play":
        self.received().judge()
        self.case = cases.accept(
            case_id=self.case.pk, by=self.county.window_officer, at=self.later(minutes=5), hand_over=hand_over
        )
        return self

    def task(self, key: str) -> Any:
        return self.case.tasks.get(key=key)

    def done(self, key: str, by: Any, conclusion: str = "agree") -> "Play":
        self.case = cases.complete_step(
            case_id=self.case.pk,
            task_id=self.task(key).pk,
            conclusion=conclusion,
            opinion="符合规定",
            by=by,
            at=self.later(hours=1),
        )
        return self

    def reviewed(self) -> "Play":
        self.accepted()
        self.done("review", self.county.case_officer).done("health", self.county.health_officer)
        return self.done("check", self.county.section_head)

    def decided(self, outcome: str = "grant", **more: Any) -> "Play":
        self.reviewed()
        self.case = cases.decide(
            case_id=self.case.pk,
            outcome=outcome,
            opinion="符合法定条件，准予",
            by=self.county.approver,
            at=self.later(hours=1),
            **more,
        )
        return self

    def certified(self) -> "Play":
        self.decided()
        cases.certify(case_id=self.case.pk, by=self.county.certificate_clerk, at=self.later(hours=1))
        return self

    def delivered(self) -> "Play":
        self.certified()
        cases.deliver(
            case_id=self.case.pk,
            method="electronic",
            recipient="王小明",
            by=self.county.window_officer,
            at=self.later(hours=1),
        )
        return self

    def due(self, kind: str) -> Any:
        """Due day of the running clock of a kind."""
        return cases.Clock.objects.get(case=self.case, kind=kind, stopped_at__isnull=True).due_on


def another(county: SmallCounty, role: str, name: str, body: Any = None) -> Any:
    """A further official with a role."""
    return make_officer(name, name, role, body or county.market)


__all__ = ["Play", "another", "elements", "grant", "group", "step"]
