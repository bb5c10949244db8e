"""Cases played through the real operations, with time passed in: each story goes to a wanted end and stops there."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from demo import answers as plausible
from demo import ratings
from demo.cast import Cast
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.files import public as files
from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.values import Principal

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)

OPINIONS = ("材料齐全，符合法定形式。", "经核对，符合规定条件。", "现场情况与申报一致。", "同意承办意见。")


class Hours:
    """A clock of office hours: every step takes some, weekends and holidays are skipped."""

    def __init__(self, start: datetime, rng: random.Random) -> None:
        self.at, self.rng = start, rng

    def later(self, hours: float) -> datetime:
        """Move on by office hours (09:00–17:00) and return the new moment."""
        days = calendars.current()
        self.at += timedelta(hours=hours)
        if self.at.hour >= 17:
            self.at = (self.at + timedelta(days=1)).replace(hour=9, minute=self.rng.randint(0, 59))
        while not days.is_workday(self.at.date()):
            self.at = (self.at + timedelta(days=1)).replace(hour=9)
        return self.at

    def some(self) -> datetime:
        """A step of ordinary length."""
        return self.later(self.rng.choice((1, 2, 3, 4, 7)))

    def days(self, n: int) -> datetime:
        """Some working days later."""
        self.at = datetime.combine(calendars.current().nth_after(self.at.date(), n), self.at.timetz())
        return self.at


@dataclass
class Story:
    """One case in the making."""

    cast: Cast
    matter: matters.Matter
    time: Hours
    rng: random.Random
    until: datetime
    applicant: Any = None
    """Who applies, where the story is about somebody; else anybody fitting."""
    case: Any = None

    @property
    def elements(self) -> matters.MatterDocument:
        """The elements in force."""
        assert self.matter.current is not None
        return self.matter.current.elements

    @property
    def over(self) -> bool:
        """The demo's present is reached: the rest has not happened yet."""
        return self.time.at >= self.until

    def clerk(self) -> Any:
        """Who serves at the window where it was filed."""
        role = "township_officer" if self.case.acceptance_point.kind == Organization.TOWNSHIP else "window_officer"
        return self.cast.who(role, self.case.acceptance_point, self.rng.randrange(2))


def principal_for(story: Story) -> tuple[Principal, Any]:
    """A fitting applicant: an enterprise with its head, or a resident."""
    if story.applicant is not None:
        return accounts.principals_of(story.applicant, on=story.time.at.date())[0], story.applicant
    audiences = set(story.elements.audiences)
    if audiences & {"2", "3", "4", "6"} and ("1" not in audiences or story.rng.random() < 0.6):
        body, head = story.rng.choice(story.cast.enterprises)
        return Principal("enterprise", None, body.pk, body.name, body.uscc, body.phone, body.address, "legal"), head
    person = story.rng.choice(story.cast.residents)
    return accounts.principals_of(person, on=story.time.at.date())[0], person


def file(story: Story, *, online: bool = True, complete: bool = True) -> None:
    """Fill in and submit, online or at a township window."""
    principal, person = principal_for(story)
    elements = story.elements
    town = story.rng.choice(list(Organization.objects.filter(kind=Organization.TOWNSHIP).order_by("code")))
    at_town = not online and elements.township_acceptance
    clerk = story.cast.who("township_officer", town) if at_town else None
    story.case = cases.start_draft(
        matter=story.matter,
        principal=principal,
        by=clerk or person,
        at=story.time.later(0),
        acceptance_point=town if at_town else None,
        township=town,
        assisted_by=clerk,
        channel="township" if at_town else "online",
    )
    known = plausible.fill(elements.form, story.case.answers, story.rng, today=story.time.at.date())
    cases.save_answers(case_id=story.case.pk, answers=known, by=person, at=story.time.at)
    for item in story.case.checklist.all():
        _paper(item, person, story.time.at)
    story.case = cases.submit(case_id=story.case.pk, by=clerk or person, at=story.time.later(1))


def _paper(item: Any, person: Any, at: datetime) -> None:
    files.keep_bytes(
        content=PDF,
        name=f"{item.name[:40]}.pdf",
        mime="application/pdf",
        owner_kind=cases.MATERIAL,
        owner_id=item.pk,
        by=person.pk,
        at=at,
    )


def receive(story: Story) -> None:
    """Take it in."""
    story.case = cases.receive(case_id=story.case.pk, by=story.clerk(), at=story.time.some())


def judge(story: Story, *, defect: bool = False) -> None:
    """Look at every paper; with `defect`, find the first one wanting."""
    pending = list(story.case.checklist.filter(judgement="pending"))
    verdicts = {item.material_no: ("ok", "", "") for item in pending}
    if defect and pending:
        verdicts[pending[0].material_no] = ("defective", "illegible", "请重新拍照上传，四角完整、字迹清楚。")
    cases.judge_materials(case_id=story.case.pk, judgements=verdicts, by=story.clerk(), at=story.time.later(0.2))


def accept(story: Story) -> None:
    """Accept and hand over."""
    story.case = cases.accept(case_id=story.case.pk, by=story.clerk(), at=story.time.later(0.2), hand_over=True)


def work(story: Story) -> None:
    """Do the open steps, one after the other, until the deciding one or the present."""
    while not story.over:
        task = (
            story.case.tasks.filter(state="open")
            .exclude(kind="decide")
            .select_related("organization")
            .order_by("lead", "id")
            .first()
        )
        if task is None:
            return
        for number in range(task.min_officers):
            officer = story.cast.who(task.role, task.organization, number)
            story.case = cases.complete_step(
                case_id=story.case.pk,
                task_id=task.pk,
                conclusion="agree",
                opinion=story.rng.choice(OPINIONS),
                by=officer,
                at=story.time.some(),
            )


def suspend(story: Story, days: int) -> bool:
    """Begin the first special procedure of the matter; False when it has none."""
    procedure = next((p for p in story.elements.special_procedures if p.effect == "suspend"), None)
    if procedure is None or story.case.state != cases.State.IN_PROCESS:
        return False
    limit = min(days, procedure.max_workdays or days)
    cases.suspend(
        case_id=story.case.pk,
        kind=procedure.kind,
        planned_workdays=limit,
        reason=f"需要{procedure.name}，所需时间书面告知。",
        by=story.cast.who("department_head", story.case.department),
        at=story.time.some(),
    )
    story.case.refresh_from_db()
    return True


def resume(story: Story) -> None:
    """End it."""
    head = story.cast.who("department_head", story.case.department)
    story.case = cases.resume(case_id=story.case.pk, result="已完成，结论为合格。", by=head, at=story.time.some())


def decide(story: Story, outcome: str) -> None:
    """Make the decision."""
    task = story.case.tasks.select_related("organization").get(kind="decide")
    refuse = outcome == cases.Outcome.REFUSE
    story.case = cases.decide(
        case_id=story.case.pk,
        outcome=outcome,
        opinion="经现场核查，操作间与用餐区未分开，不符合规定条件。" if refuse else "符合法定条件，准予。",
        reason="conditions_not_met" if refuse else "",
        hearing="not_required" if refuse else "",
        by=story.cast.who(task.role, task.organization, -1),
        at=story.time.some(),
    )


def certify(story: Story) -> None:
    """Make the result, where that is a step of its own."""
    if story.case.state == cases.State.DECIDED and story.case.outcome != cases.Outcome.REFUSE:
        clerk = story.cast.who("certificate_clerk", story.case.department)
        cases.certify(case_id=story.case.pk, by=clerk, at=story.time.some())
        story.case.refresh_from_db()


def deliver(story: Story) -> None:
    """Hand it over."""
    method = story.rng.choice(("electronic", "electronic", "pickup"))
    cases.deliver(
        case_id=story.case.pk,
        method=method,
        recipient=story.case.applicant_name,
        by=story.clerk(),
        at=story.time.some(),
    )
    story.case.refresh_from_db()


def rate(story: Story) -> None:
    """Most are content."""
    code = story.rng.choices((1, 2, 3, 4, 5), weights=(70, 20, 6, 3, 1))[0]
    ratings.give(story, code)


# --- the stories --------------------------------------------------------


def _to_decision(story: Story, outcome: str = cases.Outcome.GRANT) -> None:
    receive(story)
    judge(story)
    accept(story)
    work(story)
    if not story.over:
        decide(story, outcome)


def finished(story: Story) -> None:
    """Granted, delivered, mostly rated, the older ones archived."""
    file(story, online=story.rng.random() < 0.75)
    _to_decision(story)
    if story.over or story.case.state not in (cases.State.DECIDED, cases.State.CERTIFIED):
        return
    certify(story)
    deliver(story)
    if story.rng.random() < 0.7:
        rate(story)
    if story.rng.random() < 0.4 and not story.over:
        cases.archive(case_id=story.case.pk, by=story.clerk(), at=story.time.days(2))


def refused(story: Story) -> None:
    """Refused with reasons and remedies."""
    file(story)
    _to_decision(story, cases.Outcome.REFUSE)
    if story.case.state == cases.State.DECIDED:
        deliver(story)


def not_accepted(story: Story) -> None:
    """Not our business: said at once, and where to go."""
    file(story)
    receive(story)
    cases.refuse_acceptance(
        case_id=story.case.pk,
        reason="not_competent",
        explanation="申请的场所不在本县行政区域内。",
        where_to_go="场所所在地的县级主管部门",
        by=story.clerk(),
        at=story.time.some(),
    )


def defective(story: Story) -> bool:
    """Up to the one-time notice; False where no paper can be wanting."""
    file(story)
    receive(story)
    judge(story, defect=True)
    story.case.refresh_from_db()
    if not story.case.checklist.filter(judgement="defective").exists():
        return False
    cases.notify_defects(case_id=story.case.pk, by=story.clerk(), at=story.time.some())
    story.case.refresh_from_db()
    return True


def supplement_pending(story: Story) -> None:
    """Waits for the applicant."""
    defective(story)


def supplemented(story: Story) -> None:
    """Answered the notice, then accepted."""
    if not defective(story):
        return
    item = story.case.checklist.filter(judgement="defective").get()
    person = story.case.applicant_user or story.case.filed_by
    at = story.time.days(2)
    _paper(item, person, at)
    story.case = cases.supplement(case_id=story.case.pk, by=person, at=story.time.later(1))
    judge(story)
    accept(story)
    work(story)


def asked_in_review(story: Story) -> None:
    """In the department, which asks for one more paper while its clock runs on."""
    file(story)
    receive(story)
    judge(story)
    accept(story)
    task = story.case.tasks.filter(state="open").exclude(kind="decide").select_related("organization").first()
    item = story.case.checklist.first()
    cases.request_in_review(
        case_id=story.case.pk,
        items=[{"name": item.name, "problem": "照片反光，证号看不清。", "how": "请重新拍照上传。"}],
        by=story.cast.who(task.role, task.organization),
        at=story.time.some(),
    )


def unrated(story: Story) -> None:
    """In the applicant's hands, not rated yet."""
    file(story)
    _to_decision(story)
    certify(story)
    deliver(story)


def submitted(story: Story) -> None:
    """Filed online, nobody has looked yet."""
    file(story)


def pre_review(story: Story) -> None:
    """A window has taken it up."""
    file(story)
    cases.begin_pre_review(case_id=story.case.pk, by=story.clerk(), at=story.time.later(1))


def received(story: Story) -> None:
    """Received, undecided."""
    file(story)
    receive(story)


def accepted(story: Story) -> None:
    """Accepted, not yet handed over."""
    file(story)
    receive(story)
    judge(story)
    story.case = cases.accept(case_id=story.case.pk, by=story.clerk(), at=story.time.some())


def in_process(story: Story) -> None:
    """Somewhere in the department."""
    file(story)
    receive(story)
    judge(story)
    accept(story)
    if story.rng.random() < 0.6:
        task = story.case.tasks.filter(state="open").exclude(kind="decide").select_related("organization").first()
        if task is not None and task.min_officers == 1:
            officer = story.cast.who(task.role, task.organization)
            cases.complete_step(
                case_id=story.case.pk,
                task_id=task.pk,
                conclusion="agree",
                opinion=OPINIONS[0],
                by=officer,
                at=story.time.some(),
            )


def suspended(story: Story) -> None:
    """In a special procedure."""
    in_process(story)
    story.case.refresh_from_db()
    suspend(story, 10)


def resumed(story: Story) -> None:
    """Was suspended, goes on, is finished."""
    file(story)
    receive(story)
    judge(story)
    accept(story)
    if suspend(story, 5):
        story.time.days(3)
        resume(story)
    work(story)
    if not story.over and story.case.tasks.filter(kind="decide", state="open").exists():
        decide(story, cases.Outcome.GRANT)


def decided(story: Story) -> None:
    """Decided, the result is being made."""
    file(story)
    _to_decision(story)


def certified(story: Story) -> None:
    """The result waits to be fetched."""
    file(story)
    _to_decision(story)
    if story.case.state == cases.State.DECIDED:
        certify(story)


def withdrawn(story: Story) -> None:
    """Taken back by the applicant."""
    file(story)
    receive(story)
    person = story.case.applicant_user or story.case.filed_by
    cases.withdraw(case_id=story.case.pk, by=person, reason="改变经营计划", at=story.time.some())


def voided(story: Story) -> None:
    """A double filing."""
    file(story)
    receive(story)
    head = story.cast.who("department_head", story.case.department)
    cases.void(case_id=story.case.pk, reason="同一申请重复提交", by=head, at=story.time.some())


def transferred(story: Story) -> None:
    """The decision belongs to the city."""
    file(story)
    receive(story)
    judge(story)
    accept(story)
    head = story.cast.who("department_head", story.case.department)
    cases.transfer_up(
        case_id=story.case.pk, authority="娄底市主管部门", reason="规模超过县级审批权限", by=head, at=story.time.some()
    )


def terminated(story: Story) -> None:
    """The applicant body was dissolved."""
    file(story)
    receive(story)
    judge(story)
    accept(story)
    head = story.cast.who("department_head", story.case.department)
    cases.terminate(case_id=story.case.pk, reason="申请单位已注销", by=head, at=story.time.some())


def drafted(story: Story) -> None:
    """Begun, not finished."""
    principal, person = principal_for(story)
    cases.start_draft(matter=story.matter, principal=principal, by=person, at=story.time.at)


Tell = Callable[[Story], None]

# story, how many, how many days before the demo's present they begin (from, to)
PLAN: tuple[tuple[Tell, int, int, int], ...] = (
    (finished, 150, 30, 110),
    (resumed, 14, 25, 60),
    (refused, 10, 25, 80),
    (not_accepted, 8, 5, 60),
    (supplemented, 14, 8, 40),
    (supplement_pending, 10, 1, 12),
    (submitted, 14, 0, 1),
    (pre_review, 6, 0, 1),
    (received, 12, 0, 3),
    (received, 5, 9, 14),
    (accepted, 6, 1, 2),
    (in_process, 40, 0, 12),
    (suspended, 14, 2, 8),
    (decided, 10, 12, 20),
    (certified, 10, 12, 20),
    (withdrawn, 6, 2, 40),
    (voided, 4, 2, 40),
    (transferred, 4, 2, 40),
    (terminated, 4, 5, 40),
    (drafted, 10, 0, 5),
)

# story, matter, days before the demo's present: what the demo's first resident finds under their name
OF_THE_RESIDENT: tuple[tuple[Tell, str, int], ...] = (
    (supplement_pending, "food-business-licence", 5),
    (asked_in_review, "individual-business-registration", 3),
    (unrated, "food-business-licence", 30),
)


@transaction.atomic
def play(
    tell: Tell,
    cast: Cast,
    matter: matters.Matter,
    *,
    start: date,
    until: datetime,
    rng: random.Random,
    applicant: Any = None,
) -> None:
    """Play one story that begins on a working day at or after `start`, in one transaction."""
    begin = datetime.combine(start, until.timetz()).replace(hour=9, minute=rng.randint(0, 50))
    time = Hours(begin, rng)
    time.later(rng.randint(0, 5))
    if time.at >= until:
        time.at = until - timedelta(hours=rng.randint(2, 40))
    tell(Story(cast, matter, time, rng, until, applicant))
