"""Our own check of stamps, of both algorithms: what is genuine passes, and nothing else does."""

import hashlib
import random
from datetime import timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from zhengtong.security.crypto import sm3
from zhengtong.security.timestamps.refusals import StampNotGenuine
from zhengtong.security.timestamps.sources import GOOD, NONE, Reading
from zhengtong.security.timestamps.verification import verify

from .stamping import POLICY, START, World, make_house

PAPER = "受理通知书".encode()
DIGEST = hashlib.sha256(PAPER).digest()


@pytest.fixture(scope="module", params=["p256", "sm2"])
def house(request):
    return make_house(request.param)


@pytest.fixture
def world():
    return World(reading=Reading(GOOD, 0.001))


@pytest.fixture
def token(house, world, tmp_path) -> bytes:
    return house.authority(world.guard(tmp_path / "clock")).stamp(DIGEST, house.algorithm, "sha256")


def test_a_stamp_says_what_when_and_by_whom(house, token):
    info = verify(token, DIGEST, vouch=house.vouch)
    assert info.at.timestamp() == START / 1e9
    assert (info.algorithm, info.digest_name, info.digest) == (house.algorithm, "sha256", DIGEST)
    assert (info.policy, info.accuracy_ms, info.nonce) == (POLICY, 1000, None)
    assert info.certificate == house.certificate


def test_a_clock_that_nobody_watches_claims_no_accuracy(house, world, tmp_path):
    world.reading = Reading(NONE)
    token = house.authority(world.guard(tmp_path / "clock")).stamp(DIGEST, house.algorithm, "sha256")
    assert verify(token, DIGEST, vouch=house.vouch).accuracy_ms is None


def test_serial_numbers_and_times_only_grow(house, world, tmp_path):
    authority = house.authority(world.guard(tmp_path / "clock"))
    infos = [verify(authority.stamp(DIGEST, house.algorithm, "sha256"), DIGEST, vouch=house.vouch) for _ in range(20)]
    assert all(a.at < b.at and a.serial < b.serial for a, b in zip(infos, infos[1:], strict=False))
    assert {b.at - a.at for a, b in zip(infos, infos[1:], strict=False)} == {timedelta(microseconds=1)}


def test_another_content_is_refused(house, token):
    with pytest.raises(StampNotGenuine, match="摘要"):
        verify(token, sm3(PAPER), vouch=house.vouch)


def test_another_house_is_refused(house, token):
    with pytest.raises(StampNotGenuine, match="证书不受信任"):
        verify(token, DIGEST, vouch=make_house(house.algorithm).vouch)


def test_every_changed_byte_is_found(house, token):
    """T-PKI-3 for stamps: what stands outside of the signature is the certificate, which its digest inside names."""
    rng, accepted = random.Random(1), []
    for at in range(len(token)):
        changed = bytearray(token)
        changed[at] ^= rng.randrange(1, 256)
        try:
            verify(bytes(changed), DIGEST, vouch=house.vouch)
        except StampNotGenuine:
            continue
        accepted.append(at)
    assert accepted == []


def test_random_bytes_and_cuts_are_refused(house, token):
    rng = random.Random(2)
    for body in [
        b"",
        *(rng.randbytes(rng.randrange(300)) for _ in range(300)),
        *(token[:n] for n in range(0, len(token), 7)),
    ]:
        with pytest.raises(StampNotGenuine):
            verify(body, DIGEST, vouch=house.vouch)


@pytest.mark.parametrize(
    "more",
    [
        {"purposes": (ExtendedKeyUsageOID.CLIENT_AUTH,)},
        {"purposes": (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH)},
        {"critical": False},
    ],
)
def test_a_certificate_for_something_else_is_refused(world, tmp_path, more):
    house = make_house(**more)
    token = house.authority(world.guard(tmp_path / "clock")).stamp(DIGEST, "p256", "sha256")
    with pytest.raises(StampNotGenuine):
        verify(token, DIGEST, vouch=house.vouch)


def test_a_certificate_that_had_ended_is_refused(world, tmp_path):
    house = make_house(years=-1)
    world.wall += int(3600e9)
    token = house.authority(world.guard(tmp_path / "clock")).stamp(DIGEST, "p256", "sha256")
    with pytest.raises(StampNotGenuine, match="失效"):
        verify(token, DIGEST, vouch=house.vouch)
