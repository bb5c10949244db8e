"""T-AUD: what tampering is found, by whom; checkpoints, witnesses, receipts, and no business without a log."""

import argparse
import base64
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from zhengtong.config.commands import verify_receipt
from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import Delivery, OutboxEvent
from zhengtong.kernel.errors import Invalid, NotFound, Unavailable
from zhengtong.security.accounts.events import ContactChanged
from zhengtong.security.audit import (
    gate,
    guards,
    merkle,
    notes,
    operations,
    presence,
    queries,
    receipts,
    records,
    signing,
    witness,
)
from zhengtong.security.audit.export import export
from zhengtong.security.audit.models import AuditEntry, ChainHead, Checkpoint, Cosignature, LogTile
from zhengtong.security.audit.values import Fact
from zhengtong.security.pki import public as pki

from ..people import NOW

JS = Path(queries.__file__).parent / "static/audit/receipt.js"
pytestmark = pytest.mark.django_db


def append(number: int, **words: object) -> list[AuditEntry]:
    said = {"action": "read", "effective_at": NOW, "purpose": "核对身份", "basis": "法"} | words
    return operations.append(facts=[Fact(subject=f"user:{n}", **said) for n in range(number)])


def sign() -> Checkpoint:
    made = operations.checkpoint(at=timezone.now())
    assert made is not None
    return made


def rewrite(*statements: str) -> None:
    """What a database administrator does: guards off, change, guards on."""
    guards.lift()
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
    guards.install()


def fetch(path: str, posted: bytes | None = None) -> bytes:
    """The log as a witness sees it."""
    client = Client()
    address = f"/audit/log/{path}"
    answer = client.get(address) if posted is None else client.post(address, posted, "application/json")
    if answer.status_code != 200:
        raise witness.Refused(f"{answer.status_code}")
    return answer.content


@pytest.fixture
def observer(tmp_path) -> witness.Witness:
    lines = [key.vkey for key in signing.log_keys()]
    made = witness.establish(tmp_path / "w1", name="example/w1", address="http://x", log_keys=lines, fetch=fetch)
    operations.add_witness(vkey=made.key.vkey, at=NOW)
    return made


class TestCheckpoints:
    """T-AUD-12: every minute or thousand entries."""

    def test_signed_by_both_algorithms_over_both_roots(self):
        append(700)
        note = sign().note
        found = notes.open_checkpoint(note, signing.log_keys())
        leaves = [entry.leaf() for entry in AuditEntry.objects.order_by("seq")]
        for name, root in (("sha256", found.sha256), ("sm3", found.sm3)):
            assert merkle.tree_of([merkle.leaf_hash(leaf, name) for leaf in leaves], name).root() == root
        assert found.size == 700
        assert len(signing.log_keys()) == 2

    def test_who_strips_one_signature_strips_the_note(self):
        append(1)
        lines = sign().note.splitlines(keepends=True)
        for dropped in (-1, -2):
            less = "".join(line for n, line in enumerate(lines) if n != len(lines) + dropped)
            with pytest.raises(notes.BadNote):
                notes.open_checkpoint(less, signing.log_keys())

    def test_openssl_reads_the_p256_signature(self, tmp_path):
        append(3)
        body, signatures = notes.split(sign().note)
        key = signing.log_keys()[0]
        (signature,) = (raw[4:] for name, raw in signatures if raw[:4] == key.key_id)
        for name, content in (("spki", key.material), ("sig", signature), ("body", body.encode())):
            (tmp_path / name).write_bytes(content)
        command = ["openssl", "dgst", "-sha256", "-verify", "spki", "-keyform", "DER", "-signature", "sig", "body"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Verified OK" in done.stdout

    def test_every_minute_or_thousand_entries(self):
        now = timezone.now()
        assert operations.checkpoint_if_due(now=now) == 0
        append(1)
        assert operations.checkpoint_if_due(now=now) == 0
        assert operations.checkpoint_if_due(now=now + timedelta(seconds=61)) == 1
        assert operations.checkpoint_if_due(now=now + timedelta(seconds=61)) == 0
        append(1000)
        assert operations.checkpoint_if_due(now=now) == 1
        assert list(Checkpoint.objects.values_list("size", flat=True)) == [1001, 1]

    def test_no_checkpoint_over_a_forged_entry(self):
        append(3)
        sign()
        forge()
        with pytest.raises(operations.CannotSign, match="第4条"):
            operations.checkpoint(at=NOW)
        assert Checkpoint.objects.count() == 1

    @pytest.mark.parametrize(
        "change",
        [
            lambda: Checkpoint.objects.update(note="x"),
            lambda: Checkpoint.objects.all().delete(),
            lambda: Cosignature.objects.all().delete(),
        ],
    )
    def test_the_database_keeps_what_was_signed(self, change, observer):
        append(1)
        kept = sign()
        observer.look()
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
        assert Checkpoint.objects.get().note == kept.note

    def test_tiles_are_the_c2sp_ones(self, tmp_path):
        append(256 * 3 + 7)
        sign()
        size, files = export(tmp_path)
        assert (size, files) == (775, 7)
        leaves = [merkle.leaf_hash(entry.leaf()) for entry in AuditEntry.objects.order_by("seq")]
        assert (tmp_path / "tile/0/002").read_bytes() == b"".join(leaves[512:768])
        assert (tmp_path / "tile/0/003.p/7").read_bytes() == b"".join(leaves[768:])
        assert len((tmp_path / "tile/1/000.p/3").read_bytes()) == 96
        assert notes.open_checkpoint((tmp_path / "checkpoint").read_text(), signing.log_keys()).size == 775
        for name in ("0/002", "0/003.p/7", "1/000.p/3"):
            assert fetch(f"tile/{name}") == (tmp_path / "tile" / name).read_bytes()
        for name in ("0/004", "0/3", "2/000", "0/x000/003", "0/003.p/8", "0/000.p/0", "-1/000", "0/003.p/"):
            assert Client().get(f"/audit/log/tile/{name}").status_code == 404

    def test_a_flipped_byte_in_a_tile_stops_the_signature(self):
        append(600)
        sign()
        tile = LogTile.objects.get(level=1)
        LogTile.objects.update(sha256=bytes([tile.sha256[0] ^ 1]) + bytes(tile.sha256[1:]))
        append(1)
        with pytest.raises(operations.CannotSign):
            operations.checkpoint(at=NOW)


def forge(**changes: object) -> None:
    """An entry written straight into the table after the last one, with the head moved: all of it without the key."""
    head = ChainHead.objects.get()
    entry = AuditEntry(seq=head.seq + 1, effective_at=NOW, action="read", subject="user:9", submitter="web", **changes)
    entry.mac = records.mac_over(b"guess", bytes(head.mac), entry.canonical())
    entry.save(force_insert=True)
    ChainHead.objects.update(seq=entry.seq, mac=entry.mac)


class TestEightAttacks:
    """T-AUD-1 to -8; the tail cut with its checkpoints is found by the witness alone."""

    TABLE = "audit_auditentry"

    def cut(self, keep: int) -> list[str]:
        mac = bytes(AuditEntry.objects.get(seq=keep).mac).hex()
        blob = f"X'{mac}'" if connection.vendor == "sqlite" else f"'\\x{mac}'::bytea"
        return [
            f"DELETE FROM {self.TABLE} WHERE seq > {keep}",  # noqa: S608
            f"UPDATE audit_chainhead SET seq = {keep}, mac = {blob}",  # noqa: S608
        ]

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE {t} SET purpose = 'x' WHERE seq = 5",
            "UPDATE {t} SET purpose = 'x', mac = (SELECT mac FROM {t} WHERE seq = 7) WHERE seq = 5",
            "DELETE FROM {t} WHERE seq = 5",
            "DELETE FROM {t} WHERE seq = 5; UPDATE {t} SET seq = seq - 1 WHERE seq > 5",
            "UPDATE {t} SET seq = 100 WHERE seq = 5; UPDATE {t} SET seq = 5 WHERE seq = 6; UPDATE {t} SET seq = 6 WHERE seq = 100",
            "DELETE FROM {t} WHERE seq > 5",
        ],
    )
    def test_altered_deleted_renumbered_swapped_cut(self, sql):
        append(10)
        sign()
        if "seq = seq - 1" in sql and connection.vendor != "sqlite":
            sql = "DELETE FROM {t} WHERE seq = 5; UPDATE {t} SET seq = -seq WHERE seq > 5; UPDATE {t} SET seq = -seq - 1 WHERE seq < 0"
        rewrite(*sql.format(t=self.TABLE).split(";"))
        found = queries.verify()
        assert not found.whole
        assert found.broken_seq in (5, 6)

    def test_rewritten_with_every_key_of_the_entries(self):
        append(10)
        sign()
        append(3)
        entries = list(AuditEntry.objects.order_by("seq"))
        entries[4].purpose = "另一个目的"
        guards.lift()
        mac = bytes(16)
        for entry in entries:
            entry.mac = mac = records.mac_over(signing.entry_key(entry.submitter), mac, entry.canonical())
            entry.save()
        ChainHead.objects.update(mac=mac)
        guards.install()
        found = queries.verify()
        assert not found.whole
        assert "检查点" in found.reason
        with pytest.raises(operations.CannotSign):
            operations.checkpoint(at=NOW)

    def test_cut_with_its_checkpoints_is_whole_here_and_refused_by_the_witness(self, observer):
        append(5)
        sign()
        append(5)
        sign()
        observer.look()
        rewrite("DELETE FROM audit_cosignature", "DELETE FROM audit_checkpoint WHERE size = 10", *self.cut(5))
        assert queries.verify().whole  # the county alone cannot know
        with pytest.raises(witness.Refused, match="变短") as refused:
            observer.look()
        assert refused.value.grave
        append(9)  # grown beyond the old size again, over another past
        sign()
        with pytest.raises(witness.Refused, match="改写或分叉"):
            observer.look()
        assert observer.last().size == 10
        assert not Cosignature.objects.exists()

    def test_an_entry_forged_after_the_last_checkpoint_is_found_by_its_mac(self):
        append(5)
        sign()
        append(2)
        forge()
        found = queries.verify()
        assert found.broken_seq == 8
        found = queries.verify(8, 8)
        assert not found.whole

    def test_one_byte_anywhere_in_a_checkpoint(self):
        append(3)
        note = sign().note
        for place in random.Random(7).sample(range(len(note)), 60):
            if note[place] == "\n":
                continue
            bent = note[:place] + chr(ord(note[place]) ^ 1) + note[place + 1 :]
            with pytest.raises(notes.BadNote):
                notes.open_checkpoint(bent, signing.log_keys())


class TestWitness:
    def test_cosigns_what_grows_and_the_county_shows_it(self, observer):
        for size in (3, 260, 700):
            append(size - ChainHead.objects.get().seq)
            sign()
            assert observer.look().size == size
        ((seen, last),) = queries.log_state().witnesses
        assert (seen.name, last.checkpoint_id) == ("example/w1", 700)
        body, signatures = notes.split(queries.cosigned_note(queries.last_checkpoint()))
        assert notes.cosignature_time(observer.key, signatures[-1][1], body) > 0
        observer.look()
        assert Cosignature.objects.count() == 3

    def test_a_split_view_is_found_when_two_compare(self, observer, tmp_path):
        """T-AUD-9."""
        append(4)
        sign()
        observer.look()
        lines = [key.vkey for key in signing.log_keys()]
        second = witness.establish(tmp_path / "w2", name="example/w2", address="http://x", log_keys=lines, fetch=fetch)
        observer.compare(queries.last_checkpoint().note)
        other = notes.Checkpoint(signing.origin(), 4, bytes(32), bytes(32)).body()  # signed by the county itself
        note = (
            other
            + "\n"
            + "".join(
                notes.signature_line(key, signing.signer(key.algorithm).sign(other.encode()))
                for key in signing.log_keys()
            )
        )
        (second.folder / "checkpoint").write_text(note)
        with pytest.raises(witness.Refused, match="分叉"):
            observer.compare(second.last_note())

    def test_foreign_keys_and_bent_lines_are_refused(self, observer, tmp_path):
        append(2)
        sign()
        lines = [key.vkey for key in signing.log_keys()]
        stranger = witness.establish(
            tmp_path / "w2", name="example/w2", address="http://x", log_keys=lines, fetch=fetch
        )
        with pytest.raises(witness.Refused, match="422"):
            stranger.look()
        impostor = witness.establish(
            tmp_path / "w3", name="example/w1", address="http://x", log_keys=lines, fetch=fetch
        )
        with pytest.raises(witness.Refused, match="422"):
            impostor.look()
        with pytest.raises(Invalid):
            operations.add_witness(vkey=impostor.key.vkey, at=NOW)
        with pytest.raises(Invalid):
            operations.add_witness(vkey=lines[0], at=NOW)
        for posted in (
            b"",
            b"[]",
            b'{"size": 2}',
            b'{"size": 1e400, "line": ""}',
            b'{"size": 2, "line": "\xe2\x80\x94 a b"}',
        ):
            assert Client().post("/audit/log/cosign", posted, "application/json").status_code == 422
        assert not Cosignature.objects.exists()

    def test_another_logs_checkpoint_is_not_cosigned(self, observer, monkeypatch):
        append(2)
        sign()
        observer.log_keys = [notes.Key(key.name, key.algorithm, key.material[:-1] + b"x") for key in observer.log_keys]
        with pytest.raises(witness.Refused):
            observer.look()
        assert observer.last() is None


class TestReceipts:
    """T-AUD-12: receipts verify offline, in both forms and by both verifiers; ten thousand of them in the bench `audit`."""

    @pytest.fixture
    def some(self) -> list[receipts.Receipt]:
        append(1300)
        sign()
        wanted = [1, 2, 256, 257, 1280, 1300, *random.Random(3).sample(range(1, 1301), 14)]
        return [queries.receipt_of(queries.get_entry(seq)) for seq in wanted]

    def test_both_forms_verify_without_database(self, some):
        keys = signing.log_keys()
        for receipt in some:
            for text in (receipt.text(), receipt.qr_text(keys[0])):
                found = receipts.check(text, keys)
                assert (found.seq, found.size) == (receipt.index + 1, 1300)
                assert json.loads(found.entry)[1] == found.seq

    def test_changed_content_size_place_or_key_is_refused(self, some):
        keys, receipt = signing.log_keys(), some[-1]
        packed = receipt.packed(keys[0])
        wrong = [
            receipt.text().replace("index ", "index 1"),
            receipt.text().replace("\n1300\n", "\n1301\n"),
            receipt.text().replace("extra WzIs", "extra WzMs"),
            receipts.PREFIX + receipts.base45(packed[:7] + (1301).to_bytes(6, "big") + packed[13:]),
            *(
                receipts.PREFIX + receipts.base45(packed[:n] + bytes([packed[n] ^ 1]) + packed[n + 1 :])
                for n in range(0, len(packed), 5)
            ),
        ]
        for text in wrong:
            with pytest.raises((notes.BadNote, merkle.Misfit)):
                receipts.check(text, keys)
        other = [notes.Key(key.name, key.algorithm, keys[1 - n].material) for n, key in enumerate(keys)]
        with pytest.raises((notes.BadNote, merkle.Misfit)):
            receipts.check(receipt.text(), other)

    def test_the_command_says_yes_or_why_not(self, some, tmp_path, capsys):
        (tmp_path / "keys").write_text("\n".join(key.vkey for key in signing.log_keys()))
        good, bad = tmp_path / "good.tlog-proof", tmp_path / "bad.tlog-proof"
        good.write_text(some[0].text())
        bad.write_text(some[0].text().replace("index 0", "index 1"))
        options = type("Options", (), {"file": good, "key": tmp_path / "keys"})
        assert verify_receipt.run(options) == 0
        assert "GENUINE" in capsys.readouterr().out
        options.file = bad
        assert verify_receipt.run(options) == 1
        assert "NOT GENUINE" in capsys.readouterr().err

    @pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
    def test_the_script_of_the_page_says_the_same(self, some, tmp_path):
        key = signing.log_keys()[0]
        trusted = [{"origin": key.name, "id": key.key_id.hex(), "spki": base64.b64encode(key.material).decode()}]
        good = [form for r in some for form in (r.text(), r.qr_text(key))]
        bent = bytearray(some[3].packed(key))
        bent[-20] ^= 1
        text = some[3].text()
        bad = [
            text.replace("\n1300\n", "\n1299\n"),
            text.replace("extra WzIs", "extra WzMs"),
            text.replace(key.name, "elsewhere/audit"),
            receipts.PREFIX + receipts.base45(bytes(bent)),
            "ZT1:",
            "",
        ]
        (tmp_path / "given.json").write_text(json.dumps({"trusted": trusted, "good": good, "bad": bad}))
        (tmp_path / "run.cjs").write_text(
            f"require({json.dumps(str(JS))});const g=require('./given.json');(async()=>{{"
            "for(const t of g.good) await receiptCheck(t,g.trusted);"
            "let refused=0;for(const t of g.bad){try{await receiptCheck(t,g.trusted)}catch{refused+=1}}"
            "console.log(g.good.length, refused)})()"
        )
        done = subprocess.run(["node", "run.cjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.split() == [str(len(good)), str(len(bad))]

    def test_a_qr_of_a_million_entries_holds_it(self):
        append(1)
        sign()
        kept, key = queries.receipt_of(queries.get_entry(1)), signing.log_keys()[0]
        large = receipts.Receipt(kept.leaf, 0, (bytes(32),) * 20, kept.note)
        assert len(large.packed(key)) <= 900

    def test_a_foreign_reader_reads_the_picture(self, some, signed_in, resident):
        append(1)
        mine = operations.append(facts=[Fact("accounts.ContactChanged", NOW, subject=f"user:{resident.pk}")])[0]
        sign()
        picture = signed_in(resident).get(f"/my/reads/{mine.seq}/qr.png").content
        (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
        assert receipts.check(found.text, signing.log_keys()).seq == mine.seq

    def test_only_the_person_concerned(self, signed_in, resident, neighbour):
        mine = operations.append(facts=[Fact("accounts.ContactChanged", NOW, subject=f"user:{resident.pk}")])[0]
        page = signed_in(resident)
        assert page.get(f"/my/reads/{mine.seq}/proof/").status_code == 302  # not signed yet: told so
        sign()
        assert page.get(f"/my/reads/{mine.seq}/proof/").content.startswith(b"c2sp.org/tlog-proof@v1\n")
        assert page.get(f"/receipts/user:{resident.pk}/").status_code == 200
        for address in (
            f"/my/reads/{mine.seq}/proof/",
            f"/my/reads/{mine.seq}/qr.png",
            f"/receipts/user:{resident.pk}/",
        ):
            assert signed_in(neighbour).get(address).status_code == 404

    def test_the_page_needs_no_account_and_trusts_this_logs_key(self, client):
        page = client.get("/receipt/check/").content.decode()
        assert base64.b64encode(signing.log_keys()[0].material).decode() in page


def test_nothing_can_be_smuggled_into_a_line():
    """T-AUD-11."""
    evil = "x\r\n[2,1]\x1b[31m\u202eREAD\u2028\x00"
    entry = append(1, purpose=evil.replace("\x00", ""))[0]
    data = entry.canonical()
    assert all(32 <= byte < 127 for byte in data)
    assert json.loads(data)[8] == evil.replace("\x00", "")
    sign()
    assert queries.verify().whole


@pytest.fixture
def writer() -> Iterator[presence.Presence]:
    """Somebody who writes the log."""
    here = presence.Presence()
    here.hold()
    yield here
    here.release()


@pytest.fixture
def as_web(writer):
    """This process serves pages, and a writer lives."""
    gate._seen.clear()
    with signing.acting_as(signing.WEB):
        yield
    gate._seen.clear()


def publish() -> None:
    with transaction.atomic():
        events.publish(ContactChanged(user_id=1, changed=("phone",), actor_id=7), at=NOW)


class TestFailClosed:
    """T-AUD-10; the killed process stands in test_faults.py."""

    def test_business_stops_while_the_writer_is_down_and_goes_on_after(self, as_web, settings):
        publish()
        assert OutboxEvent.objects.count() == 1
        gate._seen.clear()
        OutboxEvent.objects.update(recorded_at=timezone.now() - timedelta(seconds=settings.AUDIT_WRITER_SECONDS + 1))
        with pytest.raises(Unavailable, match="没有改动"):
            publish()
        assert OutboxEvent.objects.count() == 1
        events.deliver_all(now=NOW)
        publish()
        assert OutboxEvent.objects.count() == 2

    def test_a_refused_entry_stops_business_until_it_is_recorded(self, as_web):
        publish()
        key = signing.folder() / "audit-worker.mac"
        with signing.acting_as(signing.WORKER):
            append(1)
        key.rename(key.with_suffix(".away"))
        key.write_bytes(b"short")
        signing.forget()
        try:
            with signing.acting_as(signing.WORKER):
                events.deliver_all(now=NOW)
            assert Delivery.objects.get().receiver == "audit"
            gate._seen.clear()
            with pytest.raises(Unavailable):
                publish()
        finally:
            key.with_suffix(".away").rename(key)
            signing.forget()
        with signing.acting_as(signing.WORKER):
            events.retry_failed(now=NOW + timedelta(hours=1))
        publish()
        assert queries.verify().whole

    def test_only_pages_wait_for_the_writer(self, as_web, writer):
        writer.release()
        with pytest.raises(Unavailable, match="没有改动"):
            publish()
        for name in (signing.WORKER, signing.CONSOLE):
            with signing.acting_as(name):
                publish()
        writer.hold()
        publish()
        assert OutboxEvent.objects.count() == 3
        assert signing.submitter() == signing.WEB

    def test_a_writer_whose_mark_was_taken_away_takes_it_again(self, writer):
        assert presence.somebody_writes()
        if connection.vendor == "sqlite":
            presence.lock_file().unlink()
            assert not presence.somebody_writes()
        writer.hold()
        assert presence.somebody_writes()
        second = presence.Presence()
        second.hold()
        writer.release()
        second.hold()
        assert presence.somebody_writes()
        second.release()
        assert not presence.somebody_writes()

    def test_no_read_without_its_entry(self, as_web, monkeypatch):
        monkeypatch.setattr(signing, "folder", lambda: Path("/proc/none"))
        signing.forget()
        with pytest.raises(Unavailable), transaction.atomic():
            append(1)
        assert not AuditEntry.objects.exists()


def test_the_county_shows_the_log_to_its_auditor_alone(signed_in, resident):
    append(3)
    with pytest.raises(NotFound):
        queries.tile(0, 0, 1)
    assert Client().get("/audit/log/checkpoint").status_code == 404
    assert signed_in(resident).get("/audit/log/").status_code == 403


class TestRenewedKeys:
    """The log's key is made anew: what was signed stays good, and witnesses follow because the old key vouches."""

    @pytest.fixture(autouse=True)
    def _keys_of_its_own(self, tmp_path, settings):
        """A log without a past: what other tests signed with is not remembered here."""
        settings.DATA = tmp_path / "data"
        settings.DATA.mkdir()
        for one in (pki, signing):
            one.forget()
        yield
        for one in (pki, signing):
            one.forget()

    @pytest.fixture
    def renewed(self, ceremony, observer):
        append(3)
        sign()
        before = queries.receipt_of(AuditEntry.objects.get(seq=1))
        observer.look()
        pki.renew_together(what="purpose:audit", people=("周正", "林静"), at=timezone.now())
        append(3)
        sign()
        return before

    @pytest.fixture
    def observer(self, ceremony, tmp_path):
        lines = [key.vkey for key in signing.log_keys()]
        made = witness.establish(tmp_path / "w1", name="example/w1", address="http://x", log_keys=lines, fetch=fetch)
        operations.add_witness(vkey=made.key.vkey, at=NOW)
        return made

    def test_a_receipt_from_before_is_good_on_paper_and_as_a_code(self, renewed, tmp_path, capsys):
        known = signing.known_keys()
        assert len(known) == 4
        assert receipts.check(renewed.text(), known).seq == 1
        old = signing.key_of(renewed.note)
        assert old != signing.log_keys()[0]
        assert receipts.check(renewed.qr_text(old), known).seq == 1
        file = tmp_path / "receipt"
        file.write_text(renewed.text(), encoding="utf-8")
        assert verify_receipt.run(argparse.Namespace(file=file, key=None)) == 0
        # A new one is signed by the new keys, and whoever trusts the old ones alone does not take it.
        after = queries.receipt_of(AuditEntry.objects.get(seq=1))
        assert receipts.check(after.text(), known).seq == 1
        assert receipts.check(after.qr_text(signing.key_of(after.note)), known).seq == 1
        with pytest.raises(notes.BadNote):
            receipts.check(after.text(), [key for key in known if key not in signing.log_keys()])

    def test_the_whole_log_is_still_proved(self, renewed):
        assert queries.verify().whole

    def test_a_witness_follows_a_change_that_the_old_keys_vouch_for(self, renewed, observer):
        held = observer.last_note()
        assert observer.look().size > notes.parse_body(notes.split(held)[0]).size
        again = witness.Witness(observer.folder, fetch)
        assert again.log_keys == signing.log_keys()
        assert len(again.former) == 1
        again.compare(held)

    def test_a_witness_does_not_follow_keys_that_nobody_vouches_for(self, renewed, observer):
        (note,) = signing.changes()
        path = signing.folder() / "audit.changes"
        for changed in (note.replace("key change", "key chance"), note.rpartition("— ")[0], ""):
            path.write_text(json.dumps(changed) + "\n", encoding="utf-8")
            with pytest.raises(witness.Refused) as refused:
                observer.look()
            assert refused.value.grave
        path.write_text(json.dumps(note) + "\n", encoding="utf-8")
        assert observer.look()
