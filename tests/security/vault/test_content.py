"""Files at rest: pieces that cannot be changed, exchanged, dropped or cut off; read piece by piece from any place."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengtong.kernel.sealed import SealBroken
from zhengtong.security.vault.content import HEAD, PIECE, ContentVault, SealingFile
from zhengtong.security.vault.ring import Key

pytestmark = pytest.mark.django_db
STEP = PIECE + 16


def seal(*chunks: bytes) -> bytes:
    sealing = ContentVault().sealing()
    return b"".join([*(sealing.update(chunk) for chunk in chunks), sealing.finish()])


def unseal(sealed: bytes) -> bytes:
    return ContentVault().opening(io.BytesIO(sealed)).read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5])
def test_what_went_in_comes_out(size):
    content = bytes(range(256)) * (size // 256 + 1)
    sealed = seal(content[:size])
    assert unseal(sealed) == content[:size]
    assert len(sealed) == HEAD + size + 16 * max(-(-size // PIECE), 1)
    assert seal(content[:size]) != sealed


@settings(deadline=None)
@given(st.lists(st.binary(max_size=5000), max_size=8))
def test_however_it_is_cut_on_the_way(chunks):
    sealing = SealingFile(ContentVault().sealing_key)
    sealed = b"".join([*(sealing.update(chunk) for chunk in chunks), sealing.finish()])
    assert unseal(sealed) == b"".join(chunks)


def test_from_any_place():
    content = bytes(n % 251 for n in range(3 * PIECE + 100))
    opened = ContentVault().opening(io.BytesIO(seal(content)))
    assert opened.seek(0, io.SEEK_END) == len(content)
    for place in (0, PIECE - 3, 2 * PIECE, len(content) - 50):
        opened.seek(place)
        assert opened.read(120) == content[place : place + 120]


@pytest.mark.parametrize("place", [4, 5, 6, 7, 22, HEAD, HEAD + 500, HEAD + STEP + 1, -1])
def test_a_changed_byte(place):
    sealed = bytearray(seal(b"x" * (2 * PIECE)))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        unseal(bytes(sealed))


def test_pieces_exchanged_dropped_or_cut_off():
    sealed = seal(b"a" * PIECE + b"b" * PIECE + b"c" * PIECE)
    head, one, two, three = sealed[:HEAD], *(sealed[HEAD + n * STEP : HEAD + (n + 1) * STEP] for n in range(3))
    other = seal(b"a" * PIECE + b"b" * PIECE + b"c" * PIECE)[HEAD : HEAD + STEP]
    wrong = [[two, one, three], [one, three], [one, two], [one], [], [other, two, three], [one, two, three, three]]
    for pieces in wrong:
        with pytest.raises(SealBroken):
            unseal(head + b"".join(pieces))
    with pytest.raises(SealBroken):
        unseal(sealed[:-1])


def test_a_key_that_is_not_in_the_queue():
    sealed = bytearray(seal(b"x"))
    sealed[5:7] = b"\xff\xff"
    with pytest.raises(SealBroken):
        unseal(bytes(sealed))


def test_a_file_from_before_is_read_as_it_is():
    assert unseal(b"%PDF-1.4 older") == b"%PDF-1.4 older"
    assert not ContentVault().is_current(io.BytesIO(b"%PDF-1.4 older"))


def test_the_address_is_no_plain_hash():
    import hashlib

    address = ContentVault().address()
    address.update(b"x")
    again = ContentVault().address()
    again.update(b"x")
    assert address.hexdigest() == again.hexdigest() != hashlib.sha256(b"x").hexdigest()
    assert len(address.hexdigest()) == 64
    assert isinstance(ContentVault().sealing_key, Key)
