"""National algorithms against published vectors and against the system's openssl as a foreign program (T-CRY-1)."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengtong.security.crypto import der, keys, sm2, sm4
from zhengtong.security.crypto.sm3 import hmac_sm3, sm3

TEXT = "准予许可".encode()
ID_OPTION = ["-pkeyopt", "distid:1234567812345678"]


def openssl(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def key() -> sm2.PrivateKey:
    return sm2.PrivateKey.generate()


def test_sm3_gives_the_vectors_of_the_standard():
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_hmac_with_sm3_agrees_with_its_definition():
    key = bytes(range(32)).ljust(64, b"\0")
    inner = sm3(bytes(b ^ 0x36 for b in key) + TEXT)
    assert hmac_sm3(bytes(range(32)), TEXT) == sm3(bytes(b ^ 0x5C for b in key) + inner)


def test_sm4_gives_the_vector_of_the_standard():
    vector = bytes.fromhex("0123456789abcdeffedcba9876543210")
    sealing = Cipher(algorithms.SM4(vector), modes.ECB()).encryptor()  # noqa: S305
    assert sealing.update(vector).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_gives_the_vector_of_rfc_8998():
    sealed = sm4.encrypt(
        bytes.fromhex("0123456789abcdeffedcba9876543210"),
        bytes.fromhex("00001234567800000000abcd"),
        bytes.fromhex(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
            "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
        ),
        bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    )
    assert sealed.hex().startswith("17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735")
    assert sealed.hex().endswith("83de3541e4c2b58177e065a9bf7b62ec")


def test_sm4_gcm_refuses_other_associated_data_and_every_changed_byte():
    key, nonce = bytes(16), bytes(12)
    sealed = sm4.encrypt(key, nonce, TEXT, b"row 1")
    assert sm4.decrypt(key, nonce, sealed, b"row 1") == TEXT
    with pytest.raises(InvalidTag):
        sm4.decrypt(key, nonce, sealed, b"row 2")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(InvalidTag):
            sm4.decrypt(key, nonce, bytes(changed), b"row 1")
    with pytest.raises(InvalidTag):
        sm4.decrypt(key, nonce, sealed[:10], b"row 1")


def test_what_is_signed_here_the_openssl_program_accepts(key: sm2.PrivateKey, tmp_path: Path):
    (tmp_path / "key.der").write_bytes(key.public_key().spki)
    (tmp_path / "text").write_bytes(TEXT)
    (tmp_path / "signature").write_bytes(key.sign(TEXT))
    check = ["pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.der", "-keyform", "DER", "-rawin"]
    check += ["-digest", "sm3", "-in", tmp_path / "text", "-sigfile", tmp_path / "signature"]
    assert openssl(*check, *ID_OPTION).returncode == 0
    assert openssl(*check, "-pkeyopt", "distid:8765432187654321").returncode != 0


def test_what_the_openssl_program_signs_is_accepted_here(tmp_path: Path):
    made = openssl("genpkey", "-algorithm", "SM2", "-outform", "DER", "-out", tmp_path / "key.der")
    assert made.returncode == 0, made.stderr
    (tmp_path / "text").write_bytes(TEXT)
    sign = ["pkeyutl", "-sign", "-inkey", tmp_path / "key.der", "-keyform", "DER", "-rawin", "-digest", "sm3"]
    signature = openssl(*sign, "-in", tmp_path / "text", *ID_OPTION).stdout
    private = sm2.PrivateKey.from_pkcs8((tmp_path / "key.der").read_bytes())
    assert private.public_key().verify(signature, TEXT)
    assert not private.public_key().verify(signature, TEXT, signer_id=b"")


def test_a_changed_byte_or_another_id_is_refused(key: sm2.PrivateKey):
    signature, public = key.sign(TEXT), key.public_key()
    assert public.verify(signature, TEXT)
    assert not public.verify(signature, TEXT + b"!")
    assert not public.verify(signature, TEXT, signer_id=b"8765432187654321")
    assert not sm2.PrivateKey.generate().public_key().verify(signature, TEXT)
    for place in range(len(signature)):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not public.verify(bytes(changed), TEXT)


def test_only_strict_der_with_numbers_in_range_is_a_signature(key: sm2.PrivateKey):
    signature, public = key.sign(TEXT), key.public_key()
    r, s = der.read_signature(signature, sm2.ORDER)
    long_r = der.tlv(2, b"\0\0" + r.to_bytes(32, "big"))
    forms = [
        der.sequence(long_r, der.integer(s)),
        der.sequence(der.integer(-r), der.integer(s)),
        der.sequence(der.integer(r), der.integer(-s)),
        der.sequence(der.integer(0), der.integer(s)),
        der.sequence(der.integer(r), der.integer(0)),
        der.sequence(der.integer(r + sm2.ORDER), der.integer(s)),
        der.sequence(der.integer(r), der.integer(sm2.ORDER)),
        der.sequence(der.integer(r), der.integer(s), der.null()),
        der.sequence(der.integer(r)),
        signature + b"\0",
        b"\x30\x81" + signature[1:],
        b"",
        b"\x30",
    ]
    assert public.verify(der.sequence(der.integer(r), der.integer(s)), TEXT)
    assert [public.verify(form, TEXT) for form in forms] == [False] * len(forms)
    assert [keys.verify(public.spki, form, TEXT) for form in forms] == [False] * len(forms)


def test_encrypted_for_a_key_it_opens_only_there_and_only_unchanged(key: sm2.PrivateKey):
    sealed = key.public_key().encrypt(TEXT)
    assert key.decrypt(sealed) == TEXT
    assert sealed != key.public_key().encrypt(TEXT)
    with pytest.raises(ValueError):
        sm2.PrivateKey.generate().decrypt(sealed)
    with pytest.raises(ValueError):
        key.decrypt(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(ValueError):
        key.public_key().encrypt(b"")


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_both_algorithms_stand_behind_one_interface(algorithm: keys.Algorithm):
    signer = keys.generate(algorithm)
    assert isinstance(signer, keys.Signer)
    assert keys.algorithm_of(signer.spki) == algorithm
    signature = signer.sign(TEXT)
    assert keys.verify(signer.spki, signature, TEXT)
    assert not keys.verify(signer.spki, signature, TEXT[:-1])
    again = keys.load(algorithm, signer.pkcs8())
    assert again.spki == signer.spki
    assert keys.verify(signer.spki, again.sign(b""), b"")


def test_a_point_off_the_curve_and_foreign_keys_are_no_keys(key: sm2.PrivateKey):
    spki = key.public_key().spki
    with pytest.raises(ValueError):
        sm2.PublicKey.from_spki(spki[:-1] + bytes([spki[-1] ^ 1]))
    with pytest.raises(ValueError):
        sm2.PublicKey.from_spki(keys.generate("p256").spki)
    with pytest.raises(ValueError):
        sm2.PrivateKey.from_pkcs8(keys.generate("p256").pkcs8())
    with pytest.raises(ValueError):
        keys.generate("rsa")  # type: ignore[arg-type]
    assert not keys.verify(b"nonsense", key.sign(TEXT), TEXT)


def test_one_key_signs_in_many_threads(key: sm2.PrivateKey):
    public = key.public_key()
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda n: public.verify(key.sign(b"%d" % n), b"%d" % n), range(200)))


@settings(max_examples=200, deadline=None)
@given(st.integers(-(2**300), 2**300))
def test_integers_come_back_from_der(number: int):
    encoded = der.integer(number)
    assert der.read_integer(der.inner(encoded)) == number


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_reading_foreign_bytes_refuses_or_returns_the_same(data: bytes):
    try:
        content = der.inner(data)
    except der.NotDer:
        return
    assert der.tlv(data[0], content) == data


def test_object_identifiers_come_back():
    for dotted in ("1.2.156.10197.1.501", "2.5.29.35", "2.999.3", "1.3.6.1.5.5.7.48.1"):
        assert der.read_oid(der.inner(der.oid(dotted))) == dotted
