"""Erasing a person's data: what the law keeps stays, the rest goes for good, two people stand behind it (T-PI-1, T-PI-2)."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.factories import at, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.models import Case, ChecklistItem
from zhengtong.approvals.cases.readers import MATERIAL
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files import storage
from zhengtong.kernel.errors import NotAllowed, Unavailable
from zhengtong.kernel.sealed import sealed_fields
from zhengtong.security.accounts.models import User
from zhengtong.security.audit import public as audit
from zhengtong.security.vault import operations
from zhengtong.security.vault import public as vault
from zhengtong.security.vault.models import ErasureRequest

LATER = timedelta(days=6 * 365)


def material(case: Case, content: bytes, moment) -> files.Attachment:
    """A material handed in with the case."""
    item = ChecklistItem.objects.filter(case=case).first() or ChecklistItem.objects.create(
        case=case, material_no=1, name="材料"
    )
    return files.keep_bytes(
        content=content,
        name="material.pdf",
        mime="application/pdf",
        owner_kind=MATERIAL,
        owner_id=item.pk,
        by=None,
        at=moment,
    )


def carried_out(play, moment) -> ErasureRequest:
    person = play.applicant
    row = operations.ask_erasure(person_id=person.pk, ground="consent", note="", by=person.pk, at=moment)
    operations.decide_erasure(request_id=row.pk, refusal="", by=play.county.approver.pk, at=moment)
    assert operations.carry_out_erasures(at=moment) == 1
    row.refresh_from_db()
    return row


def test_an_open_matter_is_finished_or_withdrawn_first(play):
    play.accepted()
    with pytest.raises(vault.CannotErase, match="先办结或撤回"):
        carried_out(play, play.now)
    assert not ErasureRequest.objects.exists()


def test_what_was_decided_is_kept_and_the_account_goes(play, deliver):
    play.delivered()
    case = Case.objects.get(pk=play.case.pk)
    kept = material(case, b"%PDF-1.7 decided", play.now)
    row = carried_out(play, play.now)
    again = Case.objects.get(pk=case.pk)
    assert again.answers == case.answers != {}
    assert again.applicant_id_number == case.applicant_id_number
    kept.refresh_from_db()
    assert kept.erased_at is None
    with files.open_(kept) as content:
        assert content.read() == b"%PDF-1.7 decided"
    user = User.objects.get(pk=play.applicant.pk)
    assert (user.display_name, user.email, user.is_active) == ("已删除", "", False)
    assert (str(user.resident_id), str(user.phone)) == ("已按规定删除", "已按规定删除")
    assert not user.has_usable_password()
    said = {line["label"]: line for line in row.lines}
    assert "30年" in said["作过决定的办件和附件"]["why"]
    assert not said["已签发的文书和证照"]["goes"]
    deliver()
    assert audit.verify().whole


def test_what_ended_without_a_decision_is_kept_five_years_and_goes_then(play):
    play.submitted()
    cases.withdraw(case_id=play.case.pk, by=play.applicant, reason="不办了", at=play.now)
    case = Case.objects.get(pk=play.case.pk)
    paper = material(case, b"%PDF-1.7 withdrawn", play.now)
    said = {part.label: part for part in operations.outcome(person_id=play.applicant.pk, at=play.now)}
    assert not said["没有作出决定就结束的办件和附件"].goes
    assert said["没有作出决定就结束的办件和附件"].count == 1
    # Once the five years are over the same request takes values and attachments away for good.
    moment = play.now + LATER
    row = carried_out(play, moment)
    assert {line["label"] for line in row.lines if line["goes"]} >= {"草稿和保存期已满的办件", "这些办件的附件"}
    again = Case.objects.get(pk=case.pk)
    assert again.answers == {}
    assert str(again.applicant_id_number) == "已按规定删除"
    paper.refresh_from_db()
    assert (paper.erased_at, paper.name) == (moment, "已按规定删除")


@pytest.mark.django_db(transaction=True)
def test_a_content_that_somebody_else_handed_in_too_stays():
    moment = at("2026-09-21 09:00")

    def one(owner: int, content: bytes) -> files.Attachment:
        return files.keep_bytes(
            content=content, name="a.pdf", mime="application/pdf", owner_kind="x", owner_id=owner, by=None, at=moment
        )

    first, second, other = one(1, b"shared"), one(2, b"shared"), one(3, b"alone")
    assert files.erase(attachments=[first, other], at=moment) == 2
    with files.open_(second) as content:
        assert content.read() == b"shared"
    with pytest.raises(Unavailable):
        files.open_(other)
    assert files.erase(attachments=[second, first], at=moment) == 1
    assert not storage.path_of(second.stored.digest).exists()


def test_two_people_stand_behind_it_and_a_refusal_gives_its_reason(play):
    person, official = play.applicant, play.county.approver
    row = operations.ask_erasure(person_id=person.pk, ground="purpose", note="搬走了", by=official.pk, at=play.now)
    with pytest.raises(vault.CannotErase, match="正在办理"):
        operations.ask_erasure(person_id=person.pk, ground="purpose", note="", by=person.pk, at=play.now)
    for one in (official.pk, person.pk):
        with pytest.raises(NotAllowed, match="另一位"):
            operations.decide_erasure(request_id=row.pk, refusal="", by=one, at=play.now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureRequest.objects.filter(pk=row.pk).update(decided_by=official, decided_at=play.now)
    assert operations.carry_out_erasures(at=play.now) == 0
    other = play.county.county_office
    operations.decide_erasure(request_id=row.pk, refusal="号码不是本人的", by=other.pk, at=play.now)
    assert operations.carry_out_erasures(at=play.now) == 0
    assert User.objects.get(pk=person.pk).is_active
    assert operations.ask_erasure(person_id=person.pk, ground="purpose", note="", by=person.pk, at=play.now)


def test_the_person_takes_all_of_it_along(play, signed_in):
    """T-PI-1: nothing that is sealed for them is missing from their file."""
    play.certified()
    browser = signed_in(play.applicant)
    answer = browser.get("/my/data/export/")
    said = json.loads(answer.content)
    assert answer["Content-Disposition"].startswith("attachment")
    case, user = Case.objects.get(pk=play.case.pk), play.applicant
    for field in sealed_fields(Case):
        value = getattr(case, field.name)
        assert said["cases"][0][field.name] == (value if isinstance(value, dict) else str(value)), field.name
    for field in sealed_fields(User):
        assert said["account"][field.name] == str(getattr(user, field.name) or ""), field.name
    assert said["account"]["display_name"] == user.display_name
    assert {paper["title"] for paper in said["cases"][0]["papers"]}
    assert said["cases"][0]["number"] == case.number


def test_the_pages_say_it_before_it_is_done(play, signed_in):
    person, browser = play.applicant, signed_in(play.applicant)
    page = browser.get("/my/data/").content.decode()
    assert "会删除" in page
    assert "申请删除我的资料" in page
    assert browser.post("/my/data/", {"ground": ""}).status_code == 422
    assert browser.post("/my/data/", {"ground": "consent"}).status_code == 302
    assert "正在核对" in browser.get("/my/data/").content.decode()
    number = ErasureRequest.objects.get(person=person).pk
    office = signed_in(play.county.county_office)
    assert person.display_name in office.get("/vault/erasures/").content.decode()
    page = office.get(f"/vault/erasures/{number}/").content.decode()
    assert "确认删除" in page
    assert browser.get("/vault/erasures/").status_code == 403
    assert office.post(f"/vault/erasures/{number}/", {"confirm": "1"}).status_code == 302
    assert operations.carry_out_erasures(at=play.now) == 1
    assert "处理结果" in office.get(f"/vault/erasures/{number}/").content.decode()
    assert browser.get("/my/data/").status_code in (302, 403)


def test_one_erasure_that_fails_holds_up_no_other(play, monkeypatch):
    play.delivered()
    other = make_resident(serial=9)
    for person in (play.applicant, other):
        row = operations.ask_erasure(person_id=person.pk, ground="consent", note="", by=person.pk, at=play.now)
        operations.decide_erasure(request_id=row.pk, refusal="", by=play.county.approver.pk, at=play.now)

    def fails(person_id: int, moment) -> int:
        if person_id == play.applicant.pk:
            raise OSError("the disk")
        return 0

    holding = vault.Holding(lambda person_id, moment: [], fails, lambda person_id: {})
    monkeypatch.setitem(vault.HOLDINGS, "a disk that fails", holding)
    assert operations.carry_out_erasures(at=play.now) == 1
    assert list(ErasureRequest.objects.filter(done_at=None).values_list("person_id", flat=True)) == [play.applicant.pk]
