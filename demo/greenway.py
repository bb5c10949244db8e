"""Projects and bundles at different stages, made by the real operations: a factory half way, one just filed, a restaurant, a company."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from demo import answers as plausible
from demo import stories
from demo.cast import Cast
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import public as greenway
from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations import public as organizations
from zhengtong.kernel.identifiers import project_code
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.values import Principal

PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
NO: dict[str, Any] = dict.fromkeys(
    ("energy", "takes_water", "lightning", "highway", "pollutes", "special_equipment"), False
)
FACTORY = {
    **NO,
    "regime": "filing",
    "impact": "form",
    "earthwork": True,
    "forest": True,
    "special_works": True,
    "discharges": True,
}
RESTAURANT = {
    "business_form": "individual",
    "large_sign": True,
    "discharges": True,
    "assembly": False,
    "has_staff": False,
}


@dataclass
class Making:
    """One project in the making: who applies, at what time, by whom it is handled."""

    cast: Cast
    rng: random.Random
    until: datetime
    time: stories.Hours
    person: Any
    project: greenway.Project

    @property
    def clerk(self) -> Any:
        """The window at the service centre."""
        return self.cast.who("window_officer", organizations.get_by_code(settings.SERVICE_CENTRE_CODE), 1)

    def stage(self, no: int) -> greenway.JointCase:
        """A stage by its number."""
        return greenway.JointCase.objects.select_related("project__template", "lead").get(project=self.project, no=no)

    def branch(self, key: str) -> greenway.Branch:
        """A branch by its matter."""
        return greenway.Branch.objects.select_related("case", "department").get(
            joint__project=self.project, matter_key=key
        )


def load(people: Cast, rng: random.Random, *, until: datetime) -> None:
    """Publish the templates and play the projects."""
    greenway.publish_shipped(at=until - timedelta(days=150))
    for tell in (factory_half_way, factory_filed, restaurant, company, newborn, retirement):
        with transaction.atomic():
            made = tell(people, rng, until)
        deliver(made.until)


def deliver(until: datetime) -> None:
    """Tell everybody what was published so far, as the worker does."""
    while events.deliver_pending(now=until, limit=200):
        pass


def opened(
    people: Cast,
    rng: random.Random,
    until: datetime,
    template: str,
    *,
    applicant: Principal,
    person: Any,
    start: date,
    **facts: Any,
) -> Making:
    """Register a project on a day."""
    time = stories.Hours(datetime.combine(start, until.timetz()).replace(hour=9), rng)
    project = greenway.open_project(
        template=greenway.template(template), principal=applicant, by=person, at=time.later(0), **facts
    )
    return Making(people, rng, until, time, person, project)


def of_enterprise(people: Cast, number: int) -> tuple[Principal, Any]:
    """An enterprise of the demo and its head."""
    body, head = people.enterprises[number]
    return Principal("enterprise", None, body.pk, body.name, body.uscc, body.phone, body.address, "legal"), head


def filed(made: Making, no: int, situation: Mapping[str, Any], *, submit: bool = True) -> None:
    """Fill in the one form, give the one set, submit."""
    joint, by, at = made.stage(no), made.person, made.time.later(1)
    asked = {field.key for field in joint.project.plan.questions_of(joint.plan)}
    greenway.begin_stage(joint_id=joint.pk, by=by, at=at)
    given = {key: value for key, value in situation.items() if key in asked}
    if given:
        greenway.answer_situation(joint_id=joint.pk, answers=given, by=by, at=at)
    joint = made.stage(no)
    form = greenway.common_form(joint, greenway.drafts(joint))
    known = {**_known(made.project), **joint.project.answers}
    common = plausible.fill(form, known, made.rng, today=at.date())
    keys = {field.key for field in form.fields}
    greenway.answer_common(
        joint_id=joint.pk, answers={k: v for k, v in common.items() if k in keys}, by=by, at=made.time.later(1)
    )
    for branch in greenway.drafts(made.stage(no)):
        assert branch.case is not None
        known = {**_known(made.project), **branch.case.answers}
        own = plausible.fill(branch.case.elements.form, known, made.rng, today=at.date())
        own = {field.key: own[field.key] for field in branch.case.elements.form.fields if field.key in own}
        greenway.answer_branch(branch_id=branch.pk, answers=own, by=by, at=made.time.at)
    for paper in greenway.papers(made.stage(no)):
        if not paper.by_sharing:
            upload = SimpleUploadedFile(f"{paper.name[:30]}.pdf", PAPER, "application/pdf")
            greenway.give_material(joint_id=joint.pk, name=paper.name, uploads=[upload], by=by, at=made.time.at)
    if submit:
        greenway.submit(joint_id=joint.pk, by=by, at=made.time.later(1))


def _known(project: greenway.Project) -> dict[str, Any]:
    return (
        {
            "entity_name": project.applicant_name,
            "uscc": project.applicant_id_number,
            "project_name": project.name,
            "site": project.site,
            "project_code": project.code or "",
        }
        if project.applicant_kind == "enterprise"
        else {}
    )


def accepted(made: Making, no: int) -> None:
    """The window judges the one set and accepts all branches together."""
    joint, clerk = made.stage(no), made.clerk
    greenway.judge(joint_id=joint.pk, judgements={}, all_in_order=True, by=clerk, at=made.time.later(3))
    greenway.accept(joint_id=joint.pk, by=clerk, at=made.time.later(1))
    deliver(made.until)


def story(made: Making, key: str) -> stories.Story:
    """The case of a branch as the stories of cases move it."""
    branch = made.branch(key)
    assert branch.case is not None
    return stories.Story(made.cast, branch.case.matter, made.time, made.rng, made.until, case=branch.case)


def reviewed(made: Making, key: str) -> stories.Story:
    """Everything but the decision."""
    told = story(made, key)
    stories.work(told)
    deliver(made.until)
    return told


def granted(made: Making, key: str) -> None:
    """Reviewed, granted, made, delivered."""
    told = reviewed(made, key)
    stories.decide(told, cases.Outcome.GRANT)
    stories.certify(told)
    stories.deliver(told)
    deliver(made.until)


def told_of_the_end(made: Making, no: int) -> None:
    """The one notice of a stage."""
    greenway.complete(joint_id=made.stage(no).pk, by=made.clerk, at=made.time.some())


def factory_half_way(people: Cast, rng: random.Random, until: datetime) -> Making:
    """A factory with an agent: its first stage is told of, the second is under way with one branch in a special procedure."""
    applicant, head = of_enterprise(people, 2)
    made = opened(
        people,
        rng,
        until,
        "enterprise-industrial-project",
        applicant=applicant,
        person=head,
        start=date(2026, 8, 17),
        name="双峰县农机智能装备生产基地",
        code=project_code.make_synthetic(division_code="431321", on=date(2026, 8, 1), serial=10086),
        site="双峰经济开发区科技工业园创业路18号",
        investment=Decimal("12800"),
        major=True,
    )
    greenway.appoint(
        project_id=made.project.pk,
        login=people.residents[40].username,
        valid_until=date(2027, 6, 30),
        by=head,
        at=made.time.later(1),
    )
    filed(made, 1, FACTORY)
    accepted(made, 1)
    granted(made, "enterprise-investment-project-filing")
    granted(made, "construction-land-planning-permit")
    told_of_the_end(made, 1)
    made.time.at = datetime.combine(date(2026, 9, 10), until.timetz()).replace(hour=9)
    filed(made, 2, FACTORY)
    accepted(made, 2)
    reviewed(made, "soil-water-conservation-plan-approval")
    told = story(made, "environmental-impact-report-form-approval")
    stories.suspend(told, 5)
    deliver(until)
    joint = made.stage(2)
    lead = people.who("case_officer", joint.lead)
    running = [
        made.branch(key).pk for key in ("construction-project-planning-permit", "soil-water-conservation-plan-approval")
    ]
    greenway.propose(
        joint_id=joint.pk,
        branch_ids=running,
        address=made.project.site,
        purpose="核对用地范围和水土保持措施",
        by=lead,
        at=made.time.some(),
    )
    return made


def factory_filed(people: Cast, rng: random.Random, until: datetime) -> Making:
    """Another, filed this morning: it waits for joint acceptance."""
    applicant, head = of_enterprise(people, 4)
    made = opened(
        people,
        rng,
        until,
        "enterprise-industrial-project",
        applicant=applicant,
        person=head,
        start=date(2026, 9, 18),
        name="永丰辣酱精深加工技改项目",
        code=project_code.make_synthetic(division_code="431321", on=date(2026, 9, 1), serial=20031),
        site="双峰县永丰街道复兴路6号",
        investment=Decimal("2300"),
    )
    filed(made, 1, {**FACTORY, "regime": "approval"})
    return made


def restaurant(people: Cast, rng: random.Random, until: datetime) -> Making:
    """王小民 opens a restaurant as one thing: the licence is there, what waited for it is under way."""
    person = people.residents[0]
    applicant = accounts.principals_of(person, on=date(2026, 9, 14))[0]
    made = opened(people, rng, until, "open-a-restaurant", applicant=applicant, person=person, start=date(2026, 9, 14))
    filed(made, 1, RESTAURANT)
    accepted(made, 1)
    reviewed(made, "tax-registration-and-invoice")
    granted(made, "individual-business-registration")
    reviewed(made, "outdoor-sign-permit")
    return made


def company(people: Cast, rng: random.Random, until: datetime) -> Making:
    """A company founded as one thing, with every branch granted and one notice."""
    person = people.residents[12]
    applicant = accounts.principals_of(person, on=date(2026, 9, 7))[0]
    made = opened(people, rng, until, "start-a-company", applicant=applicant, person=person, start=date(2026, 9, 7))
    filed(made, 1, {"has_staff": False})
    accepted(made, 1)
    for key in (
        "company-establishment",
        "tax-registration-and-invoice",
        "employer-social-insurance-registration",
        "housing-fund-employer-registration",
    ):
        granted(made, key)
    told_of_the_end(made, 1)
    return made


def newborn(people: Cast, rng: random.Random, until: datetime) -> Making:
    """Filled in, not submitted yet."""
    made = of_the_resident(people, rng, until, "newborn")
    filed(made, 1, {"insured": True}, submit=False)
    return made


def retirement(people: Cast, rng: random.Random, until: datetime) -> Making:
    """Just begun."""
    made = of_the_resident(people, rng, until, "retirement")
    greenway.begin_stage(joint_id=made.stage(1).pk, by=made.person, at=made.time.later(1))
    return made


def of_the_resident(people: Cast, rng: random.Random, until: datetime, template: str) -> Making:
    """A bundle of the demo's first resident, begun on Friday."""
    person, start = people.residents[0], date(2026, 9, 18)
    applicant = accounts.principals_of(person, on=start)[0]
    return opened(people, rng, until, template, applicant=applicant, person=person, start=start)


Tell = Callable[[Cast, random.Random, datetime], Making]
