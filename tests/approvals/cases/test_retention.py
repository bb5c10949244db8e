"""Cases, projects and ratings whose retention is over: the values and the attachments go on the day, open ones stay (T-PI-3)."""

from datetime import date, timedelta

from tests.approvals.cases.test_erasure import material
from tests.factories import at
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.models import Case, CaseEvent
from zhengtong.approvals.cases.states import State
from zhengtong.foundation.notices.models import Notice
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import User
from zhengtong.security.audit import public as audit
from zhengtong.security.vault.retention import operations, periods

GONE = "已按规定删除"


def delete(when: str) -> int:
    return operations.carry_out(at=at(when), machine=at("2026-01-01"))


def row(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_a_case_without_a_decision_goes_five_years_and_a_day_after_its_end(play, deliver):
    play.submitted()
    cases.withdraw(case_id=play.case.pk, by=play.applicant, reason="不办了", at=play.now)
    paper = material(play.case, b"%PDF-1.7 withdrawn", play.now)
    before = row(play.case).answers
    delete("2031-09-21 23:00")
    assert row(play.case).answers == before != {}
    assert (row(play.case).applicant_name, paper.erased_at) == (play.applicant.display_name, None)
    delete("2031-09-22 00:10")
    again = row(play.case)
    assert again.answers == {}
    assert (str(again.applicant_id_number), str(again.applicant_phone)) == (GONE, GONE)
    assert again.applicant_name == GONE
    paper.refresh_from_db()
    assert paper.erased_at == at("2031-09-22 00:10")
    # What happened stays told, and the log stays whole; nothing happens twice.
    assert CaseEvent.objects.filter(case=again, kind="withdraw").exists()
    assert delete("2031-09-23") == 0
    deliver()
    assert audit.verify().whole


def test_a_file_of_a_decision_goes_after_thirty_years_and_not_before(play):
    play.delivered()
    cases.archive(case_id=play.case.pk, by=None, at=play.now)
    ended = row(play.case).closed_at.date()
    kept = row(play.case).answers
    delete(f"{ended.replace(year=ended.year + 30)} 23:00")
    assert row(play.case).answers == kept != {}
    delete(f"{ended.replace(year=ended.year + 30) + timedelta(days=1)} 00:10")
    assert row(play.case).answers == {}
    assert (
        row(play.case).applicant_name == play.applicant.display_name
    )  # the name belongs to the register of what was granted


def test_an_open_case_is_left_alone_however_old_its_person_and_their_notices(play):
    play.accepted()
    accounts.deactivate(user=play.applicant, reason="request", by=None, at=play.now)
    notice = Notice.objects.create(
        template="x", subject=f"case:{play.case.pk}", phone="13900001111", created_at=play.now
    )
    delete("2070-01-01")
    assert row(play.case).answers != {}
    assert User.objects.get(pk=play.applicant.pk).phone == play.applicant.phone
    assert Notice.objects.get(pk=notice.pk).phone == "13900001111"


def test_a_draft_that_nobody_touches_goes_after_a_year(play):
    play.draft()
    User.objects.filter(pk=play.applicant.pk).update(last_login=at("2027-02-01"))
    delete("2028-02-01")
    assert row(play.case).state == State.DRAFT
    assert row(play.case).answers != {}
    delete("2028-02-02")
    again = row(play.case)
    assert (again.state, again.applicant_name, again.answers) == (State.WITHDRAWN, GONE, {})
    assert CaseEvent.objects.filter(case=again).last().data["reason"] == "长期没有提交，保存期满"


def test_a_longer_period_decided_by_the_county_is_heard_by_erasure_too(play):
    play.submitted()
    cases.withdraw(case_id=play.case.pk, by=play.applicant, reason="不办了", at=play.now)
    asked = {"source": "县规", "dated": date(2026, 1, 1), "reason": "核对"}
    one = operations.ask_change(
        key="cases.undecided", amount=8, unit="years", by=play.county.approver.pk, at=play.now, **asked
    )
    operations.decide_change(change_id=one.pk, confirm=True, by=play.county.county_office.pk, at=play.now)
    assert periods.kept_for("cases.undecided") == "8年"
    delete("2032-09-22")
    assert row(play.case).answers != {}
    delete("2034-09-22")
    assert row(play.case).answers == {}
