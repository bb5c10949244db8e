"""Sealed values: unreadable in the database, bound to their place, found by equality alone, gone when their seal is."""

import hmac

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.security.people import NOW, make_enterprise, make_resident
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel import statements
from zhengtong.kernel.errors import Unavailable
from zhengtong.kernel.sealed import SealBroken, sealed_fields, sealed_models
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import Enterprise, User
from zhengtong.security.accounts.queries import find_by_login, find_by_number
from zhengtong.security.audit import public as audit
from zhengtong.security.vault import keystore, ring, sealing
from zhengtong.security.vault import public as vault
from zhengtong.security.vault.ciphers import AES, SM4
from zhengtong.security.vault.models import DataKey, Erasure
from zhengtong.security.vault.sealing import FieldVault

pytestmark = pytest.mark.django_db


def raw(user: User, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM accounts_user WHERE id = %s", [user.pk])  # noqa: S608
        return bytes(cursor.fetchone()[0] or b"")


def put(user: User, **cells: bytes | None) -> None:
    """Write bytes into a row as somebody with the database in their hands would."""
    with connection.cursor() as cursor:
        for column, cell in cells.items():
            cursor.execute(f"UPDATE accounts_user SET {column} = %s WHERE id = %s", [cell, user.pk])  # noqa: S608


def read(user: User, name: str) -> str:
    return getattr(User.objects.get(pk=user.pk), name)


def test_the_database_holds_no_plain_value_and_the_model_reads_as_ever(resident):
    assert read(resident, "phone") == "13800000001"
    assert read(resident, "resident_id") == resident.resident_id
    for column in ("phone", "resident_id"):
        assert getattr(resident, column).encode() not in raw(resident, column)
        assert raw(resident, column)[:3] == ring.ring().current.head
    assert raw(resident, "address") == b""  # an empty value says nothing and is not sealed


def test_one_value_twice_is_two_ciphertexts_and_one_index(resident):
    twin = make_resident(serial=2, phone=resident.phone)
    assert raw(twin, "phone") != raw(resident, "phone")
    assert raw(twin, "phone_index") == raw(resident, "phone_index") != b""


class TestPlaces:
    """T-CRY-2, T-CRY-7: a ciphertext opens in its row and column, by its key and version, or not at all."""

    def test_from_another_row(self, resident, neighbour):
        put(neighbour, phone=raw(resident, "phone"))
        with pytest.raises(SealBroken):
            read(neighbour, "phone")
        assert read(neighbour, "resident_id") == neighbour.resident_id

    def test_from_another_column(self, resident):
        put(resident, phone=raw(resident, "resident_id"))
        with pytest.raises(SealBroken):
            read(resident, "phone")

    def test_from_another_table(self, resident):
        body = make_enterprise(resident)
        with connection.cursor() as cursor:
            cursor.execute("SELECT seal, phone FROM accounts_enterprise WHERE id = %s", [body.pk])
            seal, phone = cursor.fetchone()
        put(resident, seal=bytes(seal), phone=bytes(phone))
        with pytest.raises(SealBroken):
            read(resident, "phone")

    @pytest.mark.parametrize("place", range(3 + 12 + 11 + 16))
    def test_any_byte_changed(self, resident, place):
        changed = bytearray(raw(resident, "phone"))
        changed[place] ^= 1
        put(resident, phone=bytes(changed))
        with pytest.raises(SealBroken):
            read(resident, "phone")

    @pytest.mark.parametrize(
        "head", [b"\x00", b"\x02", b"\x01\xff\xff", b"\x01\x00\x01", b"\x01\x00\x00"], ids=lambda head: head.hex()
    )
    def test_another_version_or_key_id(self, resident, head):
        """Version 2 is SM4; key 1 is there, but it is the index's."""
        put(resident, phone=head + raw(resident, "phone")[len(head) :])
        with pytest.raises(SealBroken):
            read(resident, "phone")

    @pytest.mark.parametrize("left", [1, 3, 15, 30])
    def test_cut_off(self, resident, left):
        put(resident, phone=raw(resident, "phone")[:left])
        with pytest.raises(SealBroken):
            read(resident, "phone")

    def test_the_page_refuses_with_words(self, resident, signed_in):
        client = signed_in(resident)
        changed = bytearray(raw(resident, "phone"))
        changed[-1] ^= 1
        put(resident, phone=bytes(changed))
        answer = client.get("/account/")
        assert answer.status_code == 503
        assert "资料没有通过完整性校验" in answer.content.decode()


class TestBlindIndex:
    """T-CRY-5."""

    def test_equality_is_found(self, resident, neighbour):
        assert list(User.objects.filter(resident_id=resident.resident_id)) == [resident]
        assert list(User.objects.filter(phone__in=[resident.phone, "1"])) == [resident]
        assert find_by_login(resident.phone) == find_by_number(resident.resident_id) == [resident]
        assert list(User.objects.exclude(phone=resident.phone).filter(kind="resident")) == [neighbour]

    @pytest.mark.parametrize("lookup", ["contains", "startswith", "gt", "iexact", "regex"])
    def test_nothing_looser_is_asked(self, lookup):
        with pytest.raises(FieldError):
            list(User.objects.filter(**{f"phone__{lookup}": "138"}))

    def test_without_an_index_nothing_is_asked(self):
        with pytest.raises(FieldError):
            list(User.objects.filter(address="永丰街道"))

    def test_a_value_is_never_written_past_its_row(self, resident):
        with pytest.raises(FieldError), transaction.atomic():
            User.objects.filter(pk=resident.pk).update(phone="13900000000")
        assert read(resident, "phone") == "13800000001"

    def test_it_follows_the_value(self, resident):
        accounts.change_contact(user=resident, phone="13900000009", email="", address="甲", by=resident, at=NOW)
        assert find_by_number("13900000009") == [resident]
        assert find_by_number("13800000001") == []

    def test_one_number_has_one_account(self, resident):
        with pytest.raises(IntegrityError), transaction.atomic():
            User(username="x", display_name="甲", resident_id=resident.resident_id).save()

    def test_empty_ones_do_not_meet(self):
        User(username="a", display_name="甲").save()
        User(username="b", display_name="乙").save()
        assert raw(User.objects.get(username="a"), "resident_id_index") == b""

    def test_its_key_is_not_the_data_key_and_the_column_counts(self, resident):
        keys = ring.ring()
        assert keys.index.secret != keys.current.secret
        assert FieldVault().index("a.b", "1") != FieldVault().index("a.c", "1")
        assert len(raw(resident, "phone_index")) == 16
        for key in keys.keys.values():
            assert raw(resident, "phone_index") != hmac.digest(key.secret, resident.phone.encode(), "sha256")[:16]

    @settings(deadline=None)
    @given(st.text(max_size=30))
    def test_spellings_of_one_number_meet(self, text):
        assert sealing.normalised(sealing.normalised(text)) == sealing.normalised(text)
        assert sealing.normalised(" 4313 21-19９0x ") == "43132119 90X".replace(" ", "")


@pytest.mark.parametrize("algorithm", [AES, SM4], ids=lambda a: a.name)
@settings(deadline=None)
@given(plain=st.binary(max_size=300), seal=st.binary(min_size=16, max_size=16))
def test_both_ciphers_open_what_they_sealed_and_nothing_else(algorithm, plain, seal):
    key = ring.Key(7, algorithm, b"k" * 32, bytes([algorithm.version]) + b"\0\7")
    sealed = sealing.sealed_by(key, "a.b", seal, plain)
    assert len(sealed) == 3 + 12 + len(plain) + 16
    secret = algorithm.derive(key.secret, b"field", b"a.b", seal)
    assert algorithm.decrypt(secret, sealed[3:15], sealed[15:], key.head + b"a.b|" + seal) == plain


def test_no_nonce_comes_twice(resident):
    """T-CRY-6, small; and the key of a value is its row's own, so that even then nothing would be given away."""
    seal, vault_ = b"s" * 16, FieldVault()
    assert len({vault_.seal("a.b", seal, b"x")[3:15] for number in range(20_000)}) == 20_000


def test_statements_seal_as_save_does(resident):
    user = User(username="fast", display_name="快", phone="13911112222", resident_id=None)
    statements.insert(user)
    assert read(user, "phone") == "13911112222"
    assert find_by_login("13911112222") == [user]
    user.address = "永丰街道一号"
    statements.update(user, "address")
    assert read(user, "address") == "永丰街道一号"


def test_reading_a_row_opens_nothing_and_saving_it_changes_nothing(resident):
    before = {column: raw(resident, column) for column in ("phone", "resident_id", "phone_index", "seal")}
    User.objects.get(pk=resident.pk).save()
    assert {column: raw(resident, column) for column in before} == before


def test_without_the_key_store_nothing_is_read_or_written_in_plain(resident, settings, tmp_path):
    settings.DATA = tmp_path
    ring.forget()
    with pytest.raises(Unavailable):
        read(resident, "phone")
    with pytest.raises(Unavailable):
        make_resident(serial=3)
    assert User.objects.filter(kind="resident").count() == 1
    assert keystore.numbers() == []  # and no other key was made


def test_another_passphrase_opens_nothing(resident, monkeypatch):
    monkeypatch.setenv("ZHENGTONG_KEY_PASSPHRASE", "wrong")
    ring.forget()
    with pytest.raises(Unavailable):
        read(resident, "phone")


def test_a_wrapped_key_moved_to_another_number_is_refused(resident):
    index, data = DataKey.objects.order_by("number")
    DataKey.objects.filter(pk=data.pk).update(wrapped=index.wrapped)
    ring.forget()
    with pytest.raises(Unavailable):
        read(resident, "phone")


class TestErasure:
    """Crypto-erase: a person's values are gone for everybody, the proofs are not."""

    def test_values_say_so_and_stay_unreadable(self, resident, neighbour, deliver):
        number, sealed = resident.resident_id, raw(resident, "resident_id")
        assert vault.erase_person(person_id=resident.pk, basis="本人申请", by=None, at=NOW) >= 1
        again = User.objects.get(pk=resident.pk)
        assert (again.resident_id, again.phone) == ("已按规定删除", "已按规定删除")
        assert raw(resident, "resident_id") == sealed  # the row is as it was, but its seal is not
        assert raw(resident, "seal") == raw(resident, "resident_id_index") == b""
        assert find_by_number(number) == []
        assert read(neighbour, "phone") == neighbour.phone
        again.save()
        assert raw(resident, "resident_id") == sealed
        deliver()
        assert audit.verify().whole
        assert "vault.PersonErased" in set(OutboxEvent.objects.values_list("name", flat=True))

    def test_nothing_new_is_written_into_an_erased_row(self, resident):
        vault.erase_person(person_id=resident.pk, basis="本人申请", by=None, at=NOW)
        with pytest.raises(Unavailable):
            accounts.change_contact(user=resident, phone="13900000009", email="", address="", by=resident, at=NOW)

    def test_the_person_may_register_again(self, resident):
        number = resident.resident_id
        vault.erase_person(person_id=resident.pk, basis="本人申请", by=None, at=NOW)
        new = accounts.register_resident(name="王小明", resident_id=number, phone="13800000001", at=NOW)
        assert find_by_number(number) == [new]

    @pytest.mark.parametrize(("person", "basis"), [(0, "本人申请"), (None, " ")])
    def test_refusals_change_nothing(self, resident, person, basis):
        with pytest.raises(vault.CannotErase):
            vault.erase_person(person_id=resident.pk if person is None else person, basis=basis, by=None, at=NOW)
        assert read(resident, "phone") == "13800000001"
        assert not Erasure.objects.exists()

    def test_after_a_restore_it_is_carried_out_again(self, resident):
        seal = raw(resident, "seal")
        vault.erase_person(person_id=resident.pk, basis="本人申请", by=None, at=NOW)
        put(resident, seal=seal)  # what an older backup brings back
        assert read(resident, "phone") == "13800000001"
        assert vault.erase_again(at=NOW) == 1
        assert read(resident, "phone") == "已按规定删除"


def test_every_model_with_personal_values_says_whose_they_are():
    assert {model._meta.label: model.person for model in sealed_models()} == {
        "accounts.User": "pk",
        "accounts.Enterprise": "",
        "accounts.ProvinceLink": "user_id",
        "cases.Case": "applicant_user_id",
        "greenway.Project": "applicant_user_id",
        "ratings.WorkOrder": "",
        "notices.Notice": "",
    }
    assert {f.name for f in sealed_fields(Enterprise)} == {"phone", "address"}
