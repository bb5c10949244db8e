"""The chain hears everything, cannot be changed, and shows it when somebody changed it all the same."""

import threading

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.events import ContactChanged
from zhengtong.security.audit import guards, operations, queries, signing
from zhengtong.security.audit.models import AuditEntry, ChainHead
from zhengtong.security.audit.records import mac_over

from ..people import NOW, make_resident


def read(subject: str = "user:1", by: int | None = None) -> AuditEntry:
    return operations.record_read(
        by=by, subject=subject, purpose="核对身份", basis="个人信息保护法第十三条", fields=("phone",), at=NOW
    )


@transaction.atomic
def publish_some(number: int) -> None:
    for user_id in range(number):
        events.publish(ContactChanged(user_id=user_id, changed=("phone",), actor_id=7), at=NOW)


def rewrite(sql: str, *values: object) -> None:
    """What a database administrator could do: take the guards away, change rows, put the guards back."""
    guards.lift()
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    guards.install()


@pytest.mark.django_db
class TestHearing:
    def test_every_event_is_chained_once_in_order(self):
        publish_some(5)
        events.deliver_all(now=NOW)
        rows = list(AuditEntry.objects.order_by("seq"))
        assert [row.subject for row in rows] == [f"user:{n}" for n in range(5)]
        assert {row.action for row in rows} == {"accounts.ContactChanged"}
        assert rows[0].detail == {"changed": ["phone"]}
        assert rows[0].actor_id == 7
        assert rows[0].effective_at == NOW
        assert queries.verify().whole
        assert queries.verify().checked == 5

    def test_a_second_delivery_changes_nothing(self):
        publish_some(1)
        events.deliver_all(now=NOW)
        OutboxEvent.objects.update(delivered_at=None)
        row = OutboxEvent.objects.get()
        row.deliveries.all().delete()
        events.deliver_all(now=NOW)
        assert AuditEntry.objects.count() == 1
        assert queries.verify().whole

    def test_registering_somebody_leaves_no_personal_data(self):
        user = make_resident()
        accounts.change_contact(
            user=user, phone="13912345678", email="a@example.cn", address="永丰街道", by=user, at=NOW
        )
        events.deliver_all(now=NOW)
        written = " ".join(f"{row.subject} {row.detail}" for row in AuditEntry.objects.all())
        for secret in (user.resident_id, user.display_name, "13912345678", "永丰街道", "a@example.cn"):
            assert secret not in written


@pytest.mark.django_db
class TestReads:
    def test_a_read_is_chained_with_purpose_basis_and_field_names(self):
        entry = read(by=3)
        assert (entry.action, entry.purpose, entry.detail) == ("read", "核对身份", {"fields": ["phone"]})
        assert queries.verify().whole

    @pytest.mark.parametrize("missing", ["subject", "purpose", "basis"])
    def test_a_read_without_reason_is_refused_and_nothing_written(self, missing):
        words = {"subject": "user:1", "purpose": "核对", "basis": "法", missing: " "}
        with pytest.raises(Invalid):
            operations.record_read(by=1, fields=(), at=NOW, **words)
        assert not AuditEntry.objects.exists()
        assert ChainHead.objects.get().seq == 0

    def test_no_transaction_can_take_a_read_back(self):
        """It is written for good before anything else is decided; inside a transaction that might still be undone it is refused."""
        with pytest.raises(RuntimeError), transaction.atomic():
            read()
        assert not AuditEntry.objects.exists()
        assert read().seq == 1


@pytest.mark.django_db
class TestGuards:
    @pytest.mark.parametrize(
        "change",
        [
            lambda: AuditEntry.objects.update(purpose="另一个"),
            lambda: AuditEntry.objects.all().delete(),
            lambda: ChainHead.objects.all().delete(),
            lambda: ChainHead.objects.update(seq=0),
        ],
    )
    def test_the_database_refuses_change_and_removal(self, change):
        entry = read()
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            change()
        entry.refresh_from_db()
        assert entry.purpose == "核对身份"
        assert queries.verify().whole

    def test_installing_again_is_harmless(self):
        read()
        guards.install()
        guards.install()
        assert read().seq == 2


@pytest.mark.django_db
class TestVerification:
    TABLE = AuditEntry._meta.db_table
    REWRITE = "UPDATE audit_auditentry SET purpose = %s, mac = %s WHERE seq = %s"

    def chain(self, number: int = 6) -> None:
        for n in range(number):
            read(subject=f"user:{n}")

    @pytest.mark.parametrize(
        ("sql", "values", "broken"),
        [
            ("UPDATE {t} SET purpose = %s WHERE seq = 3", ("随便看看",), 3),
            ("UPDATE {t} SET effective_at = recorded_at WHERE seq = 4", (), 4),
            ("UPDATE {t} SET actor_id = 99 WHERE seq = 1", (), 1),
            ("UPDATE {t} SET mac = (SELECT mac FROM {t} WHERE seq = 1) WHERE seq = 2", (), 2),
            ("UPDATE {t} SET submitter = 'another' WHERE seq = 2", (), 2),
            ("DELETE FROM {t} WHERE seq = 3", (), 3),
            ("DELETE FROM {t} WHERE seq >= 5", (), 5),
            ("DELETE FROM {t} WHERE seq = 1", (), 1),
        ],
    )
    def test_a_change_behind_the_guards_is_named(self, sql, values, broken):
        self.chain()
        rewrite(sql.format(t=self.TABLE), *values)
        found = queries.verify()
        assert not found.whole
        assert found.broken_seq == broken
        assert found.reason

    def forged_mac(self, entry: AuditEntry) -> bytes:
        """What somebody who holds the key of the submitter would write."""
        before = AuditEntry.objects.get(seq=entry.seq - 1)
        return mac_over(signing.entry_key(entry.submitter), bytes(before.mac), entry.canonical())

    def test_a_changed_entry_with_a_fitting_mac_breaks_the_next_one(self):
        self.chain()
        entry = AuditEntry.objects.get(seq=3)
        entry.purpose = "随便看看"
        rewrite(self.REWRITE, entry.purpose, self.forged_mac(entry), 3)
        assert queries.verify().broken_seq == 4

    def test_the_last_entry_rewritten_with_its_mac_does_not_fit_the_head(self):
        self.chain()
        entry = AuditEntry.objects.get(seq=6)
        entry.purpose = "随便看看"
        rewrite(self.REWRITE, entry.purpose, self.forged_mac(entry), 6)
        assert queries.verify().broken_seq == 6

    def test_a_stretch_can_be_checked_alone(self):
        self.chain()
        assert queries.verify(3, 5).checked == 3
        rewrite("UPDATE audit_auditentry SET purpose = 'x' WHERE seq = 2")
        assert queries.verify(3, 5).whole
        assert queries.verify(1, 5).broken_seq == 2

    def test_an_empty_chain_is_whole(self):
        assert queries.verify().whole


@pytest.mark.django_db(transaction=True)
def test_appends_at_the_same_time_make_one_chain():
    failures: list[Exception] = []

    def append_ten(worker: int) -> None:
        try:
            for n in range(10):
                read(subject=f"user:{worker}{n}")
        except Exception as error:  # reported below, in the thread that can fail the test
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=append_ten, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    assert AuditEntry.objects.count() == 40
    assert queries.verify().whole


@pytest.mark.django_db(transaction=True)
def test_a_test_database_is_emptied_and_guarded_again():
    assert not AuditEntry.objects.exists()
    read()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()
