"""Papers are signed when they are printed: by the body, and by the official who decided."""

from datetime import timedelta

import pytest

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.models import Paper
from zhengtong.approvals.cases.readers import PAPER
from zhengtong.foundation.files import public as files
from zhengtong.security.pki import public as pki
from zhengtong.security.signatures import public as signatures
from zhengtong.security.signatures.models import SignedDocument


def printed(play, kind: str) -> bytes:
    paper = Paper.objects.get(case=play.case, kind=kind)
    with files.open_(cases.printed(paper_id=paper.pk, at=play.now)) as file:
        return file.read()


def names(content: bytes, play) -> list[str]:
    report = signatures.verify_file(content, at=play.now)
    assert report.good, report
    return [one.signer for one in report.signatures]


def test_a_licence_is_signed_by_who_granted_it_and_by_the_body(play):
    play.certified()
    county = play.county
    body = county.market.name
    for kind in ("decision", "licence"):
        assert names(printed(play, kind), play) == [county.approver.display_name, body, body]
    assert names(printed(play, "acceptance"), play)[-1] in {body, county.centre.name}


def test_a_paper_is_signed_once_and_entered_in_the_register(play):
    play.certified()
    first = printed(play, "licence")
    assert printed(play, "licence") == first
    papers = {paper.kind: paper for paper in cases.papers_for(play.case, applicant=True)}
    assert papers["licence"].signed.at == play.now
    assert play.county.approver.display_name in papers["licence"].signed.signers
    assert papers["decision"].signed is None


def test_without_keys_the_paper_waits_and_nothing_unsigned_is_kept(play, tmp_path, settings):
    play.certified()
    paper = Paper.objects.get(case=play.case, kind="licence")
    pki.forget()
    here, settings.DATA = settings.DATA, tmp_path
    with pytest.raises(signatures.CannotSign):
        cases.printed(paper_id=paper.pk, at=play.now)
    paper.refresh_from_db()
    assert paper.attachment is None
    settings.DATA = here
    assert len(names(printed(play, "licence"), play)) == 3


def test_the_receipt_of_a_submission_is_signed_by_the_window(play):
    play.submitted()
    assert set(names(cases.submission_receipt(play.case, at=play.now), play)) == {play.county.centre.name}


def test_the_officials_page_says_who_signed_and_the_citizens_how_to_verify(play, signed_in):
    play.certified()
    printed(play, "licence")
    shown = signed_in(play.county.approver).get(f"/cases/{play.case.pk}/").content.decode()
    assert f"已签名：{play.county.approver.display_name}" in shown
    assert "还没有签名：第一次打开时签" in shown
    shown = signed_in(play.applicant).get(f"/my/cases/{play.case.pk}/").content.decode()
    assert "/verify/file/" in shown


def test_a_paper_gets_another_archive_stamp_in_place_and_stays_the_same_paper(play):
    play.certified()
    first = printed(play, "licence")
    paper = Paper.objects.get(case=play.case, kind="licence")
    until = signatures.verify_file(first, at=play.now).archived_until
    SignedDocument.objects.filter(subject=f"{PAPER}:{paper.pk}").update(archived_until=play.now)
    assert signatures.renew_archives(now=until - timedelta(days=400)) == 1
    again = printed(play, "licence")
    assert again.startswith(first)
    assert len(again) > len(first)
    assert len(names(again, play)) == 3
    assert [one.name for one in files.attachments_of(PAPER, paper.pk)] == [paper.attachment.name]
