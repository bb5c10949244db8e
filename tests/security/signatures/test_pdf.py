"""Signed papers: common programs accept them, and nothing can be changed, taken away or added."""

import io
import re
import subprocess
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import MONDAY, at
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Certificate
from zhengtong.security.signatures import pdf, sealing
from zhengtong.security.signatures import public as signatures
from zhengtong.security.signatures.reading import RANGE

BOTH = ["department-sm2", "department-p256"]
NOW = at("2026-09-22 09:00")
HOUR = timedelta(hours=1)


def verify(content: bytes, when=NOW) -> signatures.Report:
    return signatures.verify_file(content, at=when)


def ends(content: bytes) -> list[int]:
    """Where the part covered by each signature ends."""
    return [int(hit[3]) + int(hit[4]) for hit in RANGE.finditer(content)]


def test_a_signed_licence_is_good_and_says_who_signed_when(licence):
    report = verify(licence)
    assert report.good
    assert [one.name for one in report.signatures] == BOTH
    assert {one.signed_at for one in report.signatures} == {MONDAY}
    assert all("县卫生健康局" in one.signer and one.ours for one in report.signatures)
    assert [one.whole for one in report.signatures] == [False, True]


def test_poppler_finds_the_last_signature_valid_over_the_whole_document(licence, tmp_path):
    file = tmp_path / "licence.pdf"
    file.write_bytes(licence)
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False).stdout
    last = said.partition("Signature #2:")[2]
    assert "Signature Validation: Signature is Valid." in last
    assert "Total document signed" in last
    assert "ETSI.CAdES.detached" in last
    file.write_bytes(licence.replace(b"/MediaBox", b"/MediaBax", 1))
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" not in said


def test_the_paper_itself_is_left_as_it_was_and_stays_pdf_a_2b(licence, plain):
    assert licence.startswith(plain)
    with pikepdf.open(io.BytesIO(licence)) as signed, pikepdf.open(io.BytesIO(plain)) as before:
        assert signed.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        assert dict(signed.docinfo) == dict(before.docinfo)
        widgets = [note for page in signed.pages for note in page.get("/Annots", []) if note.Subtype == "/Widget"]
        # PDF/A-2, 6.3.2 and 6.3.3: an annotation is printed and not hidden; one without size needs no appearance.
        assert [int(note.F) & 0b100111 for note in widgets] == [4, 4]
        assert all([float(x) for x in note.Rect] == [0, 0, 0, 0] for note in widgets)
        # 6.4.3: the value is one DER message in the signature dictionary itself.
        kinds = [str(field.V.SubFilter) for field in signed.Root.AcroForm.Fields]
        assert kinds == ["/ETSI.CAdES.detached"] * 2 + ["/ETSI.RFC3161"] * 2
        with signed.open_metadata() as metadata:
            assert metadata.pdfa_status == "2B"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_any_changed_bit_is_found(licence, place, bit):
    changed = bytearray(licence)
    changed[place % len(changed)] ^= 1 << bit
    assert not verify(bytes(changed)).good


def test_every_byte_of_the_last_signature_and_of_what_follows_counts(licence):
    """The one stretch that no signature covers is its own value: there the strict form answers for every byte."""
    hit = list(RANGE.finditer(licence))[-1]
    gap, rest = int(hit[2]), int(hit[3])
    # Of the value itself every 211th byte is tried, of what stands around it more.
    near = (*range(gap - 5, gap + 3), *range(gap + 3, rest - 3, 211), *range(rest - 3, len(licence), 31))
    for place in near:
        changed = bytearray(licence)
        changed[place] ^= 0x20 if chr(changed[place]).isalpha() else 1
        assert not verify(bytes(changed)).good, place


def test_a_licence_cut_back_to_its_first_signature_misses_the_second(licence):
    report = verify(licence[: ends(licence)[0]])
    assert report.missing == ("department-p256",)
    assert report.signatures[0].good
    assert not report.good


def test_a_licence_without_its_national_signature_misses_it(plain, county_keys, health):
    keys = sealing.keys_for(health, None, MONDAY)
    only = pdf.sign(plain, keys[1:], required=BOTH, at=MONDAY)
    assert verify(only).missing == ("department-sm2",)
    # Not even when its signer leaves it out of what must be there.
    alone = pdf.sign(plain, keys[1:], required=BOTH[1:], at=MONDAY)
    assert verify(alone).missing == ("department-sm2",)


def test_a_blanked_national_signature_spoils_the_other(licence):
    hit = next(RANGE.finditer(licence))
    gap, rest = int(hit[2]), int(hit[3])
    blanked = licence[:gap] + b"<" + b"0" * (rest - gap - 2) + b">" + licence[rest:]
    report = verify(blanked)
    assert [one.good for one in report.signatures] == [False, False]


def test_an_official_alone_cannot_issue_a_licence(plain, county_keys, health):
    only = pdf.sign(plain, sealing.keys_for(health, None, MONDAY)[:1], required=["department-sm2"], at=MONDAY)
    assert verify(only).missing == ("department-p256",)


def test_a_licence_without_any_signature_is_not_called_genuine(licence, plain):
    for content in (plain, licence[: len(plain)]):
        report = verify(content)
        assert not report.good
        assert not report.signatures


def test_what_is_appended_is_found(licence):
    update = b"\n1 0 obj\n<< /Type /Annot >>\nendobj\ntrailer\n<< >>\nstartxref\n0\n%%EOF\n"
    for more in (update, b" ", b"\n", licence):
        assert not verify(licence + more).good
    with pikepdf.open(io.BytesIO(licence)) as document:
        document.Root.Extra = pikepdf.String("x")
        again = io.BytesIO()
        document.save(again)
    assert not verify(again.getvalue()).good


def test_signatures_of_two_licences_cannot_be_mixed(licence, plain, health):
    other = signatures.sign_pdf(plain.replace(b"/ID", b"/ID", 1), department=health, at=at("2026-09-21 10:00"))
    mixed = licence[: ends(licence)[0]] + other[ends(other)[0] :]
    assert not verify(mixed).good


def test_nonsense_is_answered_never_raised(licence):
    for content in (b"", b"%PDF-1.7", b"%PDF-" + b"/ByteRange [0 0 0 0]" * 50, b"\x30\x80", b"{", b"[" * 100_000, b"x"):
        assert not verify(content).good
    for hit in (b"/ByteRange [0 99999999999 1 2]", b"/ByteRange [1 2 3 4]", b"/ByteRange [0 5 2 1]"):
        assert not verify(b"%PDF-1.7 <00> " + hit).good


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 10**9), size=st.integers(1, 200), filler=st.binary(max_size=50))
def test_a_piece_replaced_is_found(licence, start, size, filler):
    start %= len(licence)
    changed = licence[:start] + filler + licence[start + size :]
    if changed != licence:
        assert not verify(changed).good


def test_the_signature_names_its_reason_for_common_readers(licence):
    assert len(re.findall(rb"/Reason \(", licence)) == 2


def certificate_of(health) -> Certificate:
    """The certificate that made the last signature of the licence."""
    return Certificate.objects.get(holder=f"organization:{health.pk}", algorithm="p256")


def test_a_signer_revoked_before_signing_is_told_and_one_revoked_later_is_not(licence, health):
    signed = verify(licence).signatures[1]
    pki.revoke(certificate=certificate_of(health), reason="key_compromise", by=None, at=signed.stamped_at + HOUR)
    assert verify(licence, signed.stamped_at + 2 * HOUR).good


def test_a_revoked_signer_is_told(licence, health):
    pki.revoke(certificate=certificate_of(health), reason="key_compromise", by=None, at=MONDAY - HOUR)
    report = verify(licence)
    assert not report.good
    assert "吊销" in report.signatures[1].problems[0]
    assert report.signatures[1].ours
    assert report.signatures[0].good


def test_an_expired_signer_without_a_stamp_is_told(plain, county_keys, health):
    unstamped = pdf.sign(plain, sealing.keys_for(health, None, MONDAY), required=BOTH, at=MONDAY)
    assert verify(unstamped).good
    report = verify(unstamped, at("2029-09-22 09:00"))
    assert "已经过期" in report.signatures[1].problems[0]
    early = pdf.sign(plain, sealing.keys_for(health, None, MONDAY), required=BOTH, at=at("2025-12-01"))
    assert "还没有生效" in verify(early).signatures[0].problems[0]


def test_an_official_signs_first_with_their_post_of_the_day(plain, county_keys, health, official):
    roles = (f"approver@organization:{health.pk}",)
    who = signatures.Official(official.pk, official.display_name, health, roles)
    signed = signatures.sign_pdf(plain, department=health, official=who, at=MONDAY)
    report = verify(signed)
    assert report.good
    assert [one.name for one in report.signatures] == ["official-p256", *BOTH]
    assert report.signatures[0].signer == official.display_name
    assert "approver" in report.signatures[0].post or "县卫生健康局" in report.signatures[0].post
    # What the body signs says that the official must be there too: their signature cannot be left out.
    fields = ["official-p256", *BOTH]
    without = pdf.sign(plain, sealing.keys_for(health, None, MONDAY), required=fields, at=MONDAY)
    assert verify(without).missing == ("official-p256",)


def test_an_official_cannot_sign_in_the_name_of_a_body(plain, county_keys, health, official):
    who = signatures.Official(official.pk, official.display_name, health)
    own = sealing.keys_for(health, who, MONDAY)[0]
    forged = pdf.sign(plain, [replace(own, field="department-p256")], required=["department-p256"], at=MONDAY)
    assert "不是给这种签名用的" in verify(forged).signatures[0].problems[0]


def test_without_keys_nothing_is_signed(plain, county_keys, health, tmp_path, settings):
    pki.forget()
    settings.DATA = tmp_path
    with pytest.raises(signatures.CannotSign, match="签名密钥暂时不可用"):
        signatures.sign_pdf(plain, department=health, at=MONDAY)
