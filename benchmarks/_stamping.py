"""Time stamps over HTTP, by the real web processes: how many a second, for each algorithm, and a million damaged requests.

Two client processes on this machine hold four connections each and ask one request after the other on every connection; each
asks with a nonce of its own and with the certificate, and one reply in a hundred is checked in full afterwards.
"""

import hashlib
import multiprocessing
import os
import random
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PORT = 8119
SECONDS, CLIENTS, CONNECTIONS = 8.0, 2, 4
FUZZED = 1_000_000
DIGEST = hashlib.sha256(b"benchmark").digest()


def figures(progress: Callable[..., None]) -> dict[str, float]:
    """`tsa_http_p256_per_second`, `tsa_http_sm2_per_second`: replies with a token; a run fails when one reply is not.

    `tsa_fuzzed`: damaged and random requests read without anything but a rejection, `tsa_fuzz_seconds` what that took. The
    county has held its key ceremony.
    """
    from zhengtong.config.processes import Children, answers

    with Children(Path(os.environ["DATA"]), log=Path(os.environ["DATA"]) / "processes.log") as children:
        children.start("web", "serve", "--port", str(PORT))
        children.wait_until(lambda: answers(f"http://127.0.0.1:{PORT}/"), 60)
        rates = {algorithm: _rate(algorithm, progress) for algorithm in ("p256", "sm2")}
    return {**{f"tsa_http_{name}_per_second": round(rate) for name, rate in rates.items()}, **_fuzz(progress)}


def _rate(algorithm: str, progress: Callable[..., None]) -> float:
    from zhengtong.security.timestamps import public as timestamps

    _replies((algorithm, 1.0, 0))  # each process and thread has its key before anything is timed
    jobs = [(algorithm, SECONDS, number + 1) for number in range(CLIENTS)]
    with multiprocessing.get_context("spawn").Pool(CLIENTS) as clients:
        found = clients.map(_replies, jobs)
    count, kept = sum(number for number, _ in found), [token for _, tokens in found for token in tokens]
    infos = [timestamps.verify(token, DIGEST) for token in kept]
    if len({info.serial for info in infos}) != len(infos) or {info.algorithm for info in infos} != {algorithm}:
        raise RuntimeError("serial numbers or algorithms are wrong")
    progress(f"{algorithm}: {count / SECONDS:,.0f} a second, {len(infos)} checked")
    return count / SECONDS


def _replies(job: tuple[str, float, int]) -> tuple[int, list[bytes]]:
    """(replies in time, some of their tokens) of one client process."""
    algorithm, seconds, seed = job
    with ThreadPoolExecutor(CONNECTIONS) as hands:
        found = list(hands.map(lambda n: _ask(algorithm, seconds, 100 * seed + n), range(CONNECTIONS)))
    return sum(count for count, _ in found), [token for _, tokens in found for token in tokens]


def _ask(algorithm: str, seconds: float, seed: int) -> tuple[int, list[bytes]]:
    from zhengtong.security.crypto import der  # a client has no county

    imprint = der.sequence(der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.null()), der.octets(DIGEST))
    until, count, kept = time.monotonic() + seconds, 0, []
    with socket.create_connection(("127.0.0.1", PORT), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < until:
            nonce = der.integer(seed << 32 | count | 1 << 62)
            query = der.sequence(der.integer(1), imprint, nonce, der.boolean(True))
            head = f"POST /tsa/{algorithm} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/timestamp-query\r\n"
            connection.sendall(f"{head}Content-Length: {len(query)}\r\n\r\n".encode() + query)
            reply = _read(connection)
            if not reply.startswith(b"\x30\x82") or reply[4:9] != b"\x30\x03\x02\x01\x00" or nonce not in reply:
                raise RuntimeError(f"not a stamp: {reply[:80]!r}")
            count += 1
            if count % 100 == 0:
                kept.append(reply[9:])
    return count, kept


def _read(connection: socket.socket) -> bytes:
    """The body of one reply."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(connection)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _more(connection)
    return body if b" 200 " in head[:14] else head


def _more(connection: socket.socket) -> bytes:
    got = connection.recv(65536)
    if not got:
        raise RuntimeError("the server closed the connection")
    return got


def _fuzz(progress: Callable[..., None]) -> dict[str, float]:
    from zhengtong.security.crypto import der
    from zhengtong.security.timestamps.tokens import Rejected, imprint_of, read_request

    good = der.sequence(der.integer(1), imprint_of(DIGEST, "sha256"), der.integer(1 << 63), der.boolean(True))
    rng, started = random.Random(3161), time.monotonic()  # noqa: S311 - the same damage every time
    for number in range(FUZZED):
        body = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(body))
            body[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        try:
            read_request(bytes(body) if number % 8 else rng.randbytes(rng.randrange(200)))
        except Rejected:
            continue
        if number % 200_000 == 0:
            progress("fuzz", number, FUZZED)
    return {"tsa_fuzzed": FUZZED, "tsa_fuzz_seconds": round(time.monotonic() - started, 1)}
