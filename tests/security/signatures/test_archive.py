"""Archive stamps (PAdES B-LTA): what they prove, that nothing else may follow the last signature, and their renewal."""

import io
import re
import subprocess
from datetime import timedelta

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import MONDAY, at
from zhengtong.config.commands import verify as command
from zhengtong.security.pki import public as pki
from zhengtong.security.signatures import archive, archiving, pdf, reading, sealing
from zhengtong.security.signatures import public as signatures
from zhengtong.security.signatures.models import SignedDocument
from zhengtong.security.timestamps import public as timestamps

NOW = at("2026-09-22 09:00")


def verify(content: bytes, when=NOW) -> signatures.Report:
    return signatures.verify_file(content, at=when)


@pytest.fixture
def unclosed(plain, county, county_keys, health) -> bytes:
    """The licence with both signatures and their stamps, no archive stamp yet."""
    keys = sealing.keys_for(health, None, MONDAY)
    return pdf.sign(plain, keys, required=[key.field for key in keys], at=MONDAY, stamp=timestamps.stamp)


def test_a_licence_is_closed_by_a_stamp_of_each_algorithm(licence):
    report = verify(licence)
    assert report.good
    assert [one.algorithm for one in report.archive] == ["sm2", "p256"]
    assert report.archived_since < report.archived_until
    found = signatures.drawn(report, at=NOW)
    assert "保护整份文件" in found.archive
    assert "已经到期" in signatures.drawn(report, at=report.archived_until + timedelta(days=1)).archive


def test_the_command_says_until_when_it_protects(licence, tmp_path, capsys):
    import argparse

    file = tmp_path / "licence.pdf"
    file.write_bytes(licence)
    assert command.run(argparse.Namespace(file=file, json=False)) == 0
    assert "存档时间戳：从" in capsys.readouterr().out


def test_common_readers_accept_the_signature_and_the_stamp(licence, tmp_path):
    """pyHanko by its own rules, and OpenSSL over the bytes that the stamp covers."""
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
    from pyhanko_certvalidator import ValidationContext

    root = pki.chain("timestamps", "p256")[-1]
    found = {one.field_name: one for one in PdfFileReader(io.BytesIO(licence)).embedded_signatures}
    assert list(found) == ["department-sm2", "department-p256", "archive-1", "archive-2"]

    def context() -> ValidationContext:
        return ValidationContext(trust_roots=[x509.Certificate.load(root)], allow_fetching=False)

    status = validate_pdf_signature(found["department-p256"], context())
    assert status.bottom_line
    assert status.modification_level.name == "LTA_UPDATES"
    stamp = validate_pdf_timestamp(found["archive-2"], context())
    assert stamp.valid
    assert stamp.trusted
    assert stamp.coverage.name == "ENTIRE_FILE"

    hit = list(reading.RANGE.finditer(licence))[-1]
    (tmp_path / "covered").write_bytes(licence[: int(hit[2])] + licence[int(hit[3]) :])
    (tmp_path / "token").write_bytes(reading.held(licence)[1][-1])
    for name, one in (("root.pem", root), ("services.pem", pki.chain("timestamps", "p256")[1])):
        said = ["openssl", "x509", "-inform", "DER", "-out", tmp_path / name]
        subprocess.run(said, input=one, check=True, capture_output=True)
    asked = ["openssl", "ts", "-verify", "-in", tmp_path / "token", "-token_in", "-data", tmp_path / "covered"]
    asked += ["-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "services.pem"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr


def test_poppler_finds_the_signature_valid_and_the_stamp_over_the_whole_document(licence, tmp_path):
    file = tmp_path / "licence.pdf"
    file.write_bytes(licence)
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False).stdout
    parts = {re.search(r"Field Name: (\S+)", one)[1]: one for one in said.split("Signature #")[1:]}
    assert "Signature Validation: Signature is Valid." in parts["department-p256"]
    assert "Total document signed" in parts["archive-2"]


def test_nothing_that_was_signed_is_changed_and_the_form_stays_pdf_a_2b(licence, unclosed, plain):
    signed, places = reading.archivable(licence)
    assert (licence[: len(plain)], unclosed[: len(plain)]) == (plain, plain)
    objects = {int(number) for number in re.findall(rb"\n(\d+) 0 obj\n", licence[signed:])}
    before = int(re.findall(rb"/Size (\d+)", licence[:signed])[-1])
    # Only the two objects kept for it are written once more; all others are new.
    assert {number for number in objects if number < before} == set(places)
    with pikepdf.open(io.BytesIO(licence)) as document:
        assert document.Root.DSS.Type == "/DSS"
        assert all("/Filter" not in one for one in (*document.Root.DSS.Certs, *document.Root.DSS.CRLs))
        added = [one for one in document.Root.AcroForm.Fields if str(one.T).startswith("archive-")]
        # PDF/A-2, 6.3.2 and 6.3.3: printed, not hidden, without size and so without appearance.
        assert [int(one.F) & 0b100111 for one in added] == [4, 4]
        assert all([float(x) for x in one.Rect] == [0, 0, 0, 0] for one in added)
        with document.open_metadata() as metadata:
            assert metadata.pdfa_status == "2B"
    # What a later reader needs is inside: every certificate up to the roots, and a list for every link.
    named, _tokens = reading.held(licence)
    certificates, lists = pki.proof_of(named)
    assert all(one in licence for one in (*certificates, *lists))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_any_changed_bit_behind_the_signatures_is_found(licence, place, bit):
    signed, _places = reading.archivable(licence)
    changed = bytearray(licence)
    changed[signed + place % (len(licence) - signed)] ^= 1 << bit
    report = verify(bytes(changed))
    assert not report.good
    # The signatures themselves are as good as before: it is told that something was put behind them.
    assert any("添加" in problem for problem in report.problems) or not all(one.good for one in report.signatures)


def test_nothing_but_an_archive_revision_may_follow(licence, unclosed):
    signed, _places = reading.archivable(licence)
    assert verify(unclosed).good
    assert verify(licence[:signed]).good
    update = b"1 0 obj\n<< /Type /Annot >>\nendobj\ntrailer\n<< >>\nstartxref\n0\n%%EOF\n"
    half = licence[: licence.index(b"%%EOF\n", signed) + 6]  # the SM2 stamp alone is whole too
    assert [one.algorithm for one in verify(half).archive] == ["sm2"]
    for changed in (
        licence + b"\n",
        licence + update,
        licence + licence[signed:],
        licence[:signed] + update + licence[signed:],
        licence[:-10],
        licence[:signed] + licence[len(half) :],
        half[:signed] + update,
    ):
        assert not verify(changed).good


def test_a_genuine_stamp_does_not_help_a_revision_that_changes_a_page(unclosed, plain):
    """Anybody may have a file stamped: the form of the revision decides, not its stamp."""
    kept = reading.archivable(unclosed)
    assert kept is not None
    end, (dss, form) = kept
    page = int(re.search(rb"(\d+) 0 obj\n<<\n/Type /Page\n", unclosed[len(plain) :])[1])
    nothing = archive.Evidence()
    for places in ((page, form), (dss, page), (form, dss)):
        try:
            forged = archive.add(unclosed, end=end, places=places, evidence=nothing, stamp=timestamps.stamp)
        except archive.NotArchived:
            continue
        assert not verify(forged).good
    honest = archive.add(unclosed, end=end, places=(dss, form), evidence=nothing, stamp=timestamps.stamp)
    assert verify(honest).good


def test_evidence_of_others_does_not_travel_with_a_paper(unclosed):
    end, places = reading.archivable(unclosed)
    for evidence in (
        archive.Evidence(certificates=(b"any bytes at all",)),
        archive.Evidence(lists=(b"0\x03\x02\x01\x00",)),
    ):
        forged = archive.add(unclosed, end=end, places=places, evidence=evidence, stamp=timestamps.stamp)
        assert not verify(forged).good


def test_a_stamp_over_other_bytes_is_refused(unclosed):
    end, places = reading.archivable(unclosed)
    forged = archive.add(
        unclosed, end=end, places=places, evidence=archive.Evidence(), stamp=lambda digest: timestamps.stamp(bytes(32))
    )
    assert not verify(forged).good


def test_an_archive_stamp_proves_signatures_that_have_none_of_their_own(plain, county_keys, health):
    keys = sealing.keys_for(health, None, MONDAY)
    bare = pdf.sign(plain, keys, required=[key.field for key in keys], at=MONDAY)
    later = at("2029-09-22 09:00")
    assert not verify(bare, later).good
    assert verify(archiving.closed(bare), later).good


def test_archive_stamps_are_renewed_once_new_ones_last_longer(unclosed, licence, health):
    kept: dict[int, bytes] = {1: licence, 2: unclosed}
    replaced: list[int] = []

    def replace(number: int, content: bytes, moment: object) -> None:
        kept[number] = content
        replaced.append(number)

    signatures.KEEPERS["tested"] = signatures.Keeper(kept.__getitem__, replace)
    try:
        for number, content in kept.items():
            signatures.enter(subject=f"tested:{number}", content=content, at=MONDAY)
        until = SignedDocument.objects.get(subject="tested:1").archived_until
        assert SignedDocument.objects.get(subject="tested:2").archived_until is None
        # The one without gets its first; the other would win nothing by another stamp of the same key.
        assert signatures.renew_archives(now=until - timedelta(days=30)) == 1
        assert replaced == [2]
        SignedDocument.objects.filter(subject="tested:1").update(archived_until=MONDAY)
        assert signatures.renew_archives(now=NOW) == 1
        assert kept[1].startswith(licence)
        report = verify(kept[1])
        assert report.good
        assert [one.algorithm for one in report.archive] == ["sm2", "p256"] * 2
        assert verify(kept[2]).good
        assert signatures.renew_archives(now=NOW) == 0
        assert SignedDocument.objects.get(subject="tested:1").archived_until == until
    finally:
        del signatures.KEEPERS["tested"]
