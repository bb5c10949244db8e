"""Signed papers: common programs accept them, and nothing can be changed, taken away or added."""

import io
import re
import shutil
import subprocess

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import MONDAY, at
from zhengtong.security.signatures import pdf, sealing
from zhengtong.security.signatures import public as signatures
from zhengtong.security.signatures.reading import RANGE

BOTH = ["department-sm2", "department-p256"]
NOW = at("2026-09-22 09:00")


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


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="poppler-utils is not installed")
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
        assert all(field.V.SubFilter == "/ETSI.CAdES.detached" for field in signed.Root.AcroForm.Fields)
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
