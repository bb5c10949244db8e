"""What the authority answers, and T-TSA-2: whatever is sent, it answers in form."""

import hashlib
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zhengtong.security.crypto.der import integer, oid, sequence, tlv
from zhengtong.security.timestamps import reading, tokens
from zhengtong.security.timestamps.reading import Malformed
from zhengtong.security.timestamps.refusals import StampUnavailable
from zhengtong.security.timestamps.tokens import Rejected, read_request

from .stamping import POLICY, World, make_house

DIGEST = hashlib.sha256(b"paper").digest()


def query(*more: bytes, digest: bytes = DIGEST, name: str = "sha256", version: int = 1) -> bytes:
    return sequence(integer(version), tokens.imprint_of(digest, name), *more)


def failure(response: bytes) -> int | None:
    """The failure bit of a TimeStampResp; None when it was granted. The answer itself must be DER to the last byte."""
    status, *token = reading.sequence(reading.only(response, reading.SEQUENCE), least=1, most=2)
    parts = reading.sequence(status, least=1, most=3)
    if reading.integer(parts[0]) == 0:
        assert len(token) == 1
        return None
    assert not token
    assert reading.integer(parts[0]) == 2
    unused, *bits = reading.expect(parts[2], 0x03)
    last = 8 * len(bits) - 1 - unused
    assert bits[-1] == 1 << unused
    return last


@pytest.fixture(scope="module")
def house():
    return make_house()


@pytest.fixture
def world():
    return World()


@pytest.fixture
def authority(house, world, tmp_path):
    house.gone = False
    return house.authority(world.guard(tmp_path / "clock"))


class TestRejections:
    @pytest.mark.parametrize(
        ("body", "bit"),
        [
            (b"", tokens.BAD_FORMAT),
            (b"hello", tokens.BAD_FORMAT),
            (query() + b"\0", tokens.BAD_FORMAT),
            (query()[:-1], tokens.BAD_FORMAT),
            (query(version=2), tokens.BAD_REQUEST),
            (query(oid("1.2.3.4")), tokens.POLICY),
            (query(tlv(0xA0, sequence(sequence(oid("1.2.3"), tlv(4, b"x"))))), tokens.EXTENSION),
            (query(b"\x01\x01\x01"), tokens.BAD_FORMAT),
            (query(b"\x01\x01\xff", integer(5)), tokens.BAD_FORMAT),
            (query(integer(1), integer(2)), tokens.BAD_FORMAT),
            (query(b"\x02\x02\x00\x05"), tokens.BAD_FORMAT),
            (query(integer(1 << 600)), tokens.BAD_FORMAT),
            (
                sequence(integer(1), sequence(sequence(oid("1.3.14.3.2.26"), b"\5\0"), tlv(4, b"a" * 20))),
                tokens.BAD_ALGORITHM,
            ),
            (query().replace(b"\x04\x20" + DIGEST, b"\x04\x20" + DIGEST[:-1] + b""), tokens.BAD_FORMAT),
            (
                sequence(integer(1), sequence(sequence(oid("2.16.840.1.101.3.4.2.1")), tlv(4, DIGEST[:31]))),
                tokens.BAD_FORMAT,
            ),
        ],
    )
    def test_each_has_its_bit(self, authority, body, bit):
        assert failure(authority.answer(body, "p256")) == bit

    def test_a_clock_that_stepped_says_time_not_available(self, authority, world):
        assert failure(authority.answer(query(), "p256")) is None
        world.steps(2)
        assert failure(authority.answer(query(), "p256")) == tokens.TIME_NOT_AVAILABLE
        with pytest.raises(StampUnavailable, match="跳变") as caught:
            authority.stamp(DIGEST, "p256", "sha256")
        assert caught.value.status == 503

    def test_a_key_that_is_gone_has_no_stand_in(self, authority, house):
        house.gone = True
        assert failure(authority.answer(query(), "p256")) == tokens.SYSTEM_FAILURE
        assert failure(authority.answer(query(), "sm2")) == tokens.SYSTEM_FAILURE
        with pytest.raises(StampUnavailable, match="密钥"):
            authority.stamp(DIGEST, "p256", "sha256")


class TestGrants:
    @pytest.mark.parametrize(
        "more", [(), (oid(POLICY),), (integer(7),), (oid(POLICY), integer(2**500), b"\x01\x01\xff")]
    )
    def test_every_optional_part_may_be_there(self, authority, more):
        response = authority.answer(query(*more), "p256")
        assert failure(response) is None
        assert all(part in response for part in more if part[0] == 0x02)

    def test_the_certificate_comes_only_when_asked_for(self, authority, house):
        certificate = house.key_of("p256").certificate
        assert certificate not in authority.answer(query(), "p256")
        assert certificate in authority.answer(query(b"\x01\x01\xff"), "p256")

    def test_a_digest_of_another_length_is_not_stamped(self, authority):
        with pytest.raises(ValueError, match="sha256"):
            authority.stamp(DIGEST[:-1], "p256", "sha256")
        with pytest.raises(ValueError, match="md5"):
            authority.stamp(DIGEST[:16], "p256", "md5")


def _mutated(rng: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 4)):
        kind, at = rng.randrange(4), rng.randrange(len(changed) + 1)
        if kind == 0 and changed:
            changed[at % len(changed)] = rng.randrange(256)
        elif kind == 1:
            changed[at:at] = rng.randbytes(rng.randint(1, 5))
        elif kind == 2:
            del changed[at : at + rng.randint(1, 5)]
        else:
            changed[at:at] = changed[at : at + rng.randint(1, 20)]
    return bytes(changed)


def outcome(body: bytes) -> Rejected | None:
    """How the reader refuses; None when it does not. Anything else that it raises fails the test."""
    try:
        read_request(body)
    except Rejected as rejected:
        return rejected
    return None


class TestFuzz:
    """The reader raises `Rejected` and nothing else; the million of the test plan is run by the benchmark."""

    @given(st.binary(max_size=400))
    @example(b"\x30\x80\x00\x00")
    @example(b"\x30\x84\xff\xff\xff\xff")
    @example(b"\x30" * 5000)
    @settings(max_examples=400, deadline=None)
    def test_any_bytes(self, body):
        answer = outcome(body)
        assert answer is None or failure(tokens.rejection(answer)) == answer.bit

    def test_requests_with_damage(self):
        rng = random.Random(3161)
        good = [query(), query(oid(POLICY), integer(2**63), b"\x01\x01\xff"), query(name="sha512", digest=bytes(64))]
        granted = 0
        for _ in range(20_000):
            granted += outcome(_mutated(rng, rng.choice(good))) is None
        assert granted < 15_000

    @given(st.binary(max_size=60), st.binary(min_size=1, max_size=8))
    @settings(max_examples=200, deadline=None)
    def test_one_encoding_has_one_reading(self, content, more):
        whole = tlv(0x30, tlv(4, content))
        assert reading.only(whole, 0x30).raw == whole
        with pytest.raises(Malformed):
            reading.only(whole + more, 0x30)

    @given(st.lists(st.integers(0, 2**130), min_size=1, max_size=5), st.integers(0, 2), st.integers(0, 39))
    @settings(max_examples=100, deadline=None)
    def test_object_identifiers_come_back(self, arcs, first, second):
        dotted = ".".join(map(str, (first, second, *arcs[:2])))
        assert reading.oid(reading.only(oid(dotted), 0x06)) == dotted
