"""The ceremony document, and the three places where keys may lie (T-PKI-8)."""

import copy
import json
import stat
import subprocess
from pathlib import Path

import pytest

from tests.security.people import NOW
from zhengtong.kernel.errors import Invalid
from zhengtong.security.crypto import keys
from zhengtong.security.pki import ceremony as documents
from zhengtong.security.pki import public as pki
from zhengtong.security.pki import queries, stores
from zhengtong.security.pki.models import Authority, Ceremony, Certificate

TOKEN, PIN = "zhengtong-test", "4321"
LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")


@pytest.fixture
def document() -> dict:
    return json.loads(documents.BUILTIN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    """A software token; a driver reads its settings once per process, so it stays for the whole module."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        init = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "87654321"]
        subprocess.run(init, check=True, capture_output=True, timeout=60)
        yield


@pytest.fixture
def softhsm(token, monkeypatch):
    monkeypatch.setenv("ZHENGTONG_PKCS11_LIBRARY", str(LIBRARY))
    monkeypatch.setenv("ZHENGTONG_PKCS11_TOKEN", TOKEN)
    monkeypatch.setenv("ZHENGTONG_PKCS11_PIN", PIN)
    stores.opened.cache_clear()
    yield
    stores.opened.cache_clear()


def shape() -> list[tuple[object, ...]]:
    return list(
        Certificate.objects.order_by("pk").values_list(
            "kind", "algorithm", "purpose", "subject", "authority__name", "not_before", "not_after", "key_store"
        )
    )


def test_the_shipped_document_makes_a_root_and_authorities_in_both_algorithms(ceremony):
    assert Authority.objects.filter(parent=None).count() == 2
    assert Authority.objects.exclude(parent=None).count() == 8
    assert Certificate.objects.exclude(purpose="").count() == 12
    row = Ceremony.objects.get()
    assert len({person["name"] for person in row.participants}) == 2


def test_held_again_it_makes_nothing_and_changes_no_key(ceremony):
    before, key = shape(), pki.signer("papers").spki
    assert pki.hold_ceremony(plan=ceremony, at=NOW) is None
    assert (shape(), pki.signer("papers").spki) == (before, key)
    assert Ceremony.objects.count() == 1


def test_two_ceremonies_of_one_document_have_one_structure(ceremony, document):
    """The keys differ, everything else is the document's."""
    first = shape()
    plan = documents.plan(copy.deepcopy(document))
    assert plan == ceremony
    subjects = [(row[0], row[1], row[3]) for row in first]
    assert len(set(subjects)) == len(subjects)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(format="other/1"),
        lambda d: d.update(participants=d["participants"][:1]),
        lambda d: d.update(participants=[d["participants"][0]] * 2),
        lambda d: d.update(algorithms=["rsa"]),
        lambda d: d.update(stores={"p256": "file"}),
        lambda d: d.update(stores={"p256": "cloud", "sm2": "file"}),
        lambda d: d["purposes"]["papers"].update(authority="nobody"),
        lambda d: d["purposes"]["papers"].update(years="三"),
        lambda d: d["root"].update(nonsense=1),
        lambda d: d.update(nonsense=1),
        lambda d: d.pop("place"),
    ],
)
def test_a_document_that_is_not_whole_is_refused_before_any_key_is_made(document, spoil, db):
    spoil(document)
    with pytest.raises((Invalid, pki.CannotIssue)):
        pki.hold_ceremony(plan=documents.plan(document), at=NOW)
    assert not Certificate.objects.exists()


def test_an_unreadable_file_is_refused(tmp_path):
    (tmp_path / "ceremony.json").write_text("{")
    for name in ("ceremony.json", "missing.json"):
        with pytest.raises(Invalid):
            pki.read_ceremony(tmp_path / name)


class TestFiles:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.delenv("ZHENGTONG_KEY_PASSPHRASE", raising=False)
        return tmp_path / "keys"

    @pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
    def test_a_key_comes_back_and_only_its_owner_may_read_the_files(self, folder, algorithm):
        made = stores.FileStore(folder).create("papers", algorithm)
        again = stores.FileStore(folder).open("papers", algorithm)
        assert again.spki == made.spki
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        assert all(made.pkcs8() not in path.read_bytes() for path in folder.iterdir())

    def test_a_wrong_passphrase_an_exchanged_or_changed_file_opens_nothing(self, folder, monkeypatch):
        store = stores.FileStore(folder)
        store.create("papers", "sm2")
        store.create("audit", "sm2")
        kept = (folder / "papers.json").read_text()
        (folder / "papers.json").write_text((folder / "audit.json").read_text())
        with pytest.raises(pki.KeyUnavailable):
            store.open("papers", "sm2")
        (folder / "papers.json").write_text(kept.replace('"sealed": "', '"sealed": "00'))
        with pytest.raises(pki.KeyUnavailable):
            store.open("papers", "sm2")
        (folder / "papers.json").write_text(kept)
        monkeypatch.setenv("ZHENGTONG_KEY_PASSPHRASE", "another")
        with pytest.raises(pki.KeyUnavailable):
            store.open("papers", "sm2")
        with pytest.raises(pki.CannotKeep):
            store.create("papers", "sm2")
        assert (folder / "papers.json").read_text() == kept

    def test_a_key_is_never_replaced(self, folder):
        store = stores.FileStore(folder)
        first = store.create("papers", "p256").spki
        with pytest.raises(pki.CannotKeep):
            store.create("papers", "p256")
        assert store.open("papers", "p256").spki == first


def test_a_token_signs_and_never_gives_its_key_away(softhsm):
    import pkcs11

    store = stores.store("pkcs11")
    signer = store.create("spare-p256", "p256")
    assert keys.verify(signer.spki, signer.sign(b"text"), b"text")
    assert not keys.verify(signer.spki, signer.sign(b"text"), b"other")
    assert store.open("spare-p256", "p256").spki == signer.spki
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        signer.key[pkcs11.Attribute.VALUE]
    with pytest.raises(pki.CannotKeep):
        store.create("spare-p256", "p256")
    with pytest.raises(pki.CannotKeep, match="SM2"):
        store.create("papers-sm2", "sm2")
    with pytest.raises(pki.KeyUnavailable):
        store.open("nobody", "p256")


def test_the_ceremony_replayed_on_tokens_makes_the_structure_of_the_document(softhsm, document, db):
    document.update(algorithms=["p256"], stores={"p256": "pkcs11"})
    pki.hold_ceremony(plan=documents.plan(document), at=NOW)
    assert {row[-1] for row in shape() if row[0] != "post"} == {"pkcs11"}
    assert pki.verify_chain(pki.certificate("papers"), NOW) == pki.chain("papers")
    signature = pki.signer("papers").sign(b"text")
    assert keys.verify(queries.key_of(queries.of_purpose("papers", "p256")).spki, signature, b"text")


def test_without_its_driver_the_certified_card_says_what_to_install(document, db):
    document["stores"]["sm2"] = "sdf"
    with pytest.raises(pki.KeyUnavailable, match="GM/T 0018"):
        pki.hold_ceremony(plan=documents.plan(document), at=NOW)
    assert not Certificate.objects.exists()
    assert not Authority.objects.exists()


def test_an_unset_token_is_unavailable_and_nothing_else_is_used(monkeypatch, ceremony):
    monkeypatch.delenv("ZHENGTONG_PKCS11_LIBRARY", raising=False)
    Certificate.objects.filter(purpose="papers").update(key_store="pkcs11")
    pki.forget()
    with pytest.raises(pki.KeyUnavailable):
        pki.signer("papers")


def test_a_key_that_is_not_the_certificates_is_refused(ceremony):
    Certificate.objects.filter(purpose="papers", algorithm="p256").update(key_name="audit-p256")
    pki.forget()
    with pytest.raises(pki.KeyUnavailable):
        pki.signer("papers")
