"""A licence is renewed and changed by a case linked to it; silence until its end renews it (行政许可法 第四十九条、第五十条)."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from tests.approvals.cases.play import Play
from tests.factories import at, make_resident
from tests.foundation.files.samples import pdf
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases import replay
from zhengtong.approvals.cases.models import Case, Licence, Paper
from zhengtong.approvals.cases.operations import renewal
from zhengtong.approvals.cases.refusals import CannotActNow, CannotSubmit
from zhengtong.foundation.files import public as files
from zhengtong.foundation.notices.models import Notice
from zhengtong.kernel.errors import Invalid, NotAllowed, Refusal
from zhengtong.security.accounts import public as accounts

pytestmark = pytest.mark.django_db
ENDS = date(2026, 11, 30)
AFTER = at("2026-12-01 00:00:30")


@pytest.fixture
def held(play) -> Licence:
    """A licence that ends on 2026-11-30, delivered in September."""
    play.delivered()
    Licence.objects.filter(case=play.case).update(valid_until=ENDS)
    return Licence.objects.get(case=play.case)


def begin(play: Play, licence: Licence, purpose: str = "renew", by=None):
    principal = accounts.principals_of(by or play.applicant, on=play.now.date())[0]
    return cases.amend(
        licence_id=licence.pk, purpose=purpose, principal=principal, by=by or play.applicant, at=play.now
    )


def running(play: Play, licence: Licence, when: str = "2026-10-12 09:00", purpose: str = "renew"):
    """The renewal on the first officer's desk."""
    old = play.case
    play.go(when).case = begin(play, licence, purpose)
    play.paper()
    officer = play.county.window_officer
    cases.submit(case_id=play.case.pk, by=play.applicant, at=play.now)
    play.case = cases.receive(case_id=play.case.pk, by=officer, at=play.later(hours=1))
    play.judge()
    play.case = cases.accept(case_id=play.case.pk, by=officer, at=play.later(minutes=5), hand_over=True)
    return old


def grant(play: Play) -> Licence:
    play.done("review", play.county.case_officer).done("health", play.county.health_officer)
    play.done("check", play.county.section_head)
    cases.decide(case_id=play.case.pk, outcome="grant", opinion="符合条件", by=play.county.approver, at=play.now)
    return cases.certify(case_id=play.case.pk, by=play.county.certificate_clerk, at=play.later(hours=1))


def test_the_draft_is_linked_and_filled_with_what_was_granted(play, held):
    play.go("2026-10-12 09:00")
    draft = begin(play, held)
    assert (draft.amends, draft.purpose, draft.answers["shop"]) == (held, "renew", "永丰米粉")
    assert begin(play, held) == draft, "the second click leads to the same draft"


def test_a_renewal_begins_when_the_old_one_ends_and_takes_its_place(play, held):
    old = running(play, held)
    licence = grant(play)
    assert licence.valid_until == date(2029, 11, 30)
    assert Paper.objects.get(pk=licence.paper_id).content["valid_from"] == "2026年12月1日"
    assert cases.verify_licence(held.number).state == "superseded"
    assert licence.number in cases.verify_licence(held.number).state_reason
    assert not replay.differences(cases.get(old.pk))
    assert not replay.differences(play.fresh)


def test_a_change_keeps_the_end(play, held):
    running(play, held, purpose="change")
    assert grant(play).valid_until == ENDS


def test_silence_until_the_end_renews(play, held, deliver):
    running(play, held)
    assert renewal.deem_due(now=at("2026-11-30 23:59")) == 0
    assert renewal.deem_due(now=AFTER) == 1
    case = play.fresh
    assert (case.state, case.outcome, case.decided_at) == ("decided", "grant", at("2026-12-01 00:00"))
    paper = case.papers.get(kind="decision")
    assert paper.content["renewed_until"] == "2026年11月30日"
    assert not replay.differences(case)
    assert renewal.deem_due(now=AFTER) == 0, "once"
    deliver(now=AFTER)
    assert Notice.objects.filter(template="case.renewed", to_user=play.applicant).count() == 1
    licence = cases.certify(case_id=case.pk, by=play.county.certificate_clerk, at=at("2026-12-01 09:00"))
    assert licence.valid_until == date(2029, 11, 30)


def test_silence_renews_in_the_midst_of_a_special_procedure(play, held):
    running(play, held)
    cases.suspend(
        case_id=play.case.pk,
        kind="hearing",
        planned_workdays=20,
        reason="举行听证",
        by=play.county.case_officer,
        at=play.now,
    )
    assert renewal.deem_due(now=AFTER) == 1
    assert play.fresh.state == "decided"
    assert not replay.differences(play.fresh)


def test_after_the_end_nobody_decides_otherwise(play, held):
    running(play, held)
    play.done("review", play.county.case_officer).done("health", play.county.health_officer)
    play.done("check", play.county.section_head)
    with pytest.raises(CannotActNow, match="视为准予延续"):
        cases.decide(
            case_id=play.case.pk,
            outcome="refuse",
            reason="other_law",
            hearing="not_required",
            opinion="不再符合条件",
            by=play.county.approver,
            at=AFTER,
        )
    assert play.fresh.state == "in_process"


def test_applied_for_too_late_silence_says_nothing(play, held):
    running(play, held, when="2026-11-02 09:00")
    assert renewal.deem_due(now=AFTER) == 0
    assert play.fresh.state == "in_process"


def copied(row, **changes):
    """Another row like this one."""
    fresh = type(row).objects.get(pk=row.pk)
    fresh.pk = None
    for name, value in changes.items():
        setattr(fresh, name, value)
    fresh.save(force_insert=True)
    return fresh


def another(renewal_case: Case, n: int) -> Case:
    """The same renewal once more, of a licence of its own."""

    def numbers(case: Case) -> dict[str, str]:
        return {name: f"{getattr(case, name)}{n}" for name in ("number", "spoken_number")}

    licence = renewal_case.amends
    old = copied(licence.case, **numbers(licence.case))
    paper = copied(licence.paper, case=old, number=f"{licence.paper.number}{n}", verify_code=f"ANOTHER{n}")
    own = copied(licence, case=old, paper=paper, number=f"{licence.number}{n}")
    return copied(renewal_case, amends=own, **numbers(renewal_case))


def test_who_applied_too_late_or_cannot_be_written_down_holds_up_nobody(play, held, monkeypatch):
    running(play, held)
    late = play.case
    broken, last = another(late, 1), another(late, 2)
    Case.objects.filter(pk=late.pk).update(submitted_at=at("2026-11-20 09:00"))  # stays until somebody decides
    copied(late.log.first(), case=broken, seq=broken.row_version + 1)  # somebody wrote where the next entry belongs
    monkeypatch.setattr(renewal, "BATCH", 1)
    assert renewal.deem_due(now=AFTER) == 1
    last.refresh_from_db()
    assert last.outcome == "grant"


def test_the_last_day_in_time_counts(play, held):
    running(play, held, when="2026-10-31 10:00")
    assert cases.is_protected(play.case)


@pytest.mark.parametrize(
    ("change", "purpose", "words"),
    [
        ({"state": "revoked"}, "renew", "已撤销"),
        ({"valid_until": None}, "renew", "长期有效"),
        ({"valid_until": date(2026, 10, 1)}, "renew", "已经届满"),
        ({"valid_until": date(2026, 10, 1)}, "change", "已经届满"),
    ],
)
def test_what_cannot_be_renewed_says_why(play, held, change, purpose, words):
    Licence.objects.filter(pk=held.pk).update(**change)
    with pytest.raises(CannotSubmit, match=words):
        begin(play.go("2026-10-12 09:00"), held, purpose)
    assert not held.successors.exists()


def test_only_the_holder_and_only_two_purposes(play, held):
    with pytest.raises(CannotSubmit, match="持有人"):
        begin(play, held, by=make_resident(serial=7))
    with pytest.raises(Invalid):
        begin(play, held, "sell")
    begin(play, held)
    with pytest.raises(CannotSubmit, match="持有人"):  # nor is the draft of the holder handed to somebody else
        begin(play, held, by=make_resident(serial=8))


def test_two_at_once_are_refused_by_the_database(play, held):
    draft = begin(play.go("2026-10-12 09:00"), held)
    principal = accounts.principals_of(play.applicant, on=play.now.date())[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        cases.start_draft(
            matter=play.matter, principal=principal, by=play.applicant, at=play.now, amends=held, purpose="change"
        )
    cases.withdraw(case_id=draft.pk, by=play.applicant, reason="", at=play.now)
    assert begin(play, held, "change") != draft


def test_a_licence_revoked_in_between_is_not_exchanged(play, held):
    old = running(play, held)
    play.done("review", play.county.case_officer).done("health", play.county.health_officer)
    play.done("check", play.county.section_head)
    Licence.objects.filter(pk=held.pk).update(state="revoked")
    cases.decide(case_id=play.case.pk, outcome="grant", opinion="符合条件", by=play.county.approver, at=play.now)
    with pytest.raises(Refusal, match="不能据此换发"):
        cases.certify(case_id=play.case.pk, by=play.county.certificate_clerk, at=play.now)
    assert not Licence.objects.filter(case=play.case).exists()
    assert cases.get(old.pk).licence.state == "revoked"


def test_the_holder_is_reminded_once(play, held, deliver):
    assert renewal.remind(now=at("2026-09-30 09:00")) == 0
    assert renewal.remind(now=at("2026-10-02 09:00")) == 1
    assert renewal.remind(now=at("2026-10-03 09:00")) == 0
    deliver(now=at("2026-10-02 09:00"))
    told = Notice.objects.get(template="case.licence_expiring", to_user=play.applicant)
    assert told.params["due"] == {"date": "2026-10-31"}


def test_nobody_is_reminded_of_what_is_under_way(play, held):
    running(play, held, when="2026-10-01 10:00")
    assert renewal.remind(now=at("2026-10-12 09:00")) == 0


def test_the_holder_begins_on_the_page_of_the_case(play, held, signed_in):
    browser = signed_in(play.applicant)
    page = browser.get(f"/my/cases/{play.case.pk}/").content.decode()
    assert "申请延续" in page
    answer = browser.post(f"/my/cases/{play.case.pk}/amend/", {"purpose": "renew"})
    assert answer.status_code == 302
    begun = held.successors.get()
    assert f"/{begun.pk}/" in answer["Location"]
    assert "延续申请正在办理" in browser.get(f"/my/cases/{play.case.pk}/").content.decode()
    assert signed_in(make_resident(serial=7)).post(f"/my/cases/{play.case.pk}/amend/").status_code == 404


def test_the_window_begins_it_for_the_person_at_the_counter(play, held, signed_in):
    clerk = signed_in(play.county.window_officer)
    number = play.applicant.resident_id
    clerk.post("/window/", {"number": number})
    clerk.post("/window/matters/", {"person": number, "which": "0"})
    assert held.number in clerk.get("/window/matters/").content.decode()
    assert clerk.post("/window/amend/", {"licence": "99999", "purpose": "renew"}).status_code == 404
    answer = clerk.post("/window/amend/", {"licence": held.pk, "purpose": "renew"})
    begun = held.successors.get()
    assert answer["Location"] == f"/window/{begun.pk}/"
    assert (begun.channel, begun.assisted_by) == ("window", play.county.window_officer)


class TestWithdrawingAtTheWindow:
    """A walk-in withdraws by a signed request."""

    def withdraw(self, play, upload, by=None):
        return cases.withdraw_at_window(
            case_id=play.case.pk,
            by=by or play.county.window_officer,
            reason="不再经营",
            request=upload,
            at=play.later(hours=1),
        )

    def test_the_signed_request_is_kept(self, play):
        play.accepted()
        self.withdraw(play, SimpleUploadedFile("撤回申请.pdf", pdf(), content_type="application/pdf"))
        assert play.fresh.state == "withdrawn"
        assert [kept.name for kept in files.attachments_of(cases.EVIDENCE, play.case.pk)] == ["撤回申请.pdf"]
        assert not play.case.clocks.filter(stopped_at__isnull=True).exists()

    def test_without_it_nothing_happens(self, play):
        play.accepted()
        with pytest.raises(Invalid, match="签名"):
            self.withdraw(play, None)
        assert play.fresh.state == "in_process"

    def test_another_office_may_not(self, play):
        play.accepted()
        with pytest.raises(NotAllowed):
            self.withdraw(play, SimpleUploadedFile("a.pdf", pdf()), by=play.county.health_officer)
        assert play.fresh.state == "in_process"
