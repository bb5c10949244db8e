"""The clock guard: the time that goes into a stamp, or a refusal. It refuses rather than lies.

The machine's clock is compared at every stamp with one that nobody can set (CLOCK_BOOTTIME): how far they were apart when the clock
was last trusted is kept in a small file, which all processes share under a lock, together with the last time given out. So a step is
noticed whichever process runs, also across restarts, and no time is ever given out twice or backwards. The record is written by one
`pwrite`, which a kill cannot tear; once a second it is forced to disk with a second in advance, so that a power cut cannot turn it back.
"""

import fcntl
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from zhengtong.security.timestamps import sources
from zhengtong.security.timestamps.sources import Reading, Source

SECOND = 1_000_000
TRUSTED, UNWATCHED = "trusted", "unwatched"
STEPPED, BEHIND, SOURCE_LOST, SOURCE_OFF, UNREADABLE = "stepped", "behind", "source_lost", "source_off", "unreadable"
REFUSING = (STEPPED, BEHIND, SOURCE_LOST, SOURCE_OFF, UNREADABLE)
_FORM = struct.Struct("=4sI16sqqqqq")
_MAGIC = b"ZTC1"


class ClockRefused(Exception):
    """No time can be vouched for now; `condition` says why."""

    def __init__(self, condition: "Condition") -> None:
        super().__init__(condition.state)
        self.condition = condition


@dataclass(frozen=True)
class Condition:
    """How the clock is: a state, and by how many seconds it is off (stepped, off, behind) or alone (source lost)."""

    state: str
    seconds: float = 0.0

    @property
    def refuses(self) -> bool:
        """True when no stamp is given in this state."""
        return self.state in REFUSING


@dataclass(frozen=True)
class Moment:
    """A time that was given out once: microseconds since 1970 in UTC; `watched` when a source vouches for it."""

    microseconds: int
    watched: bool


@dataclass(frozen=True)
class _Record:
    """The kept record; times in microseconds. `source_at` is by the steady clock, 0 when no source was ever seen in this boot."""

    boot: bytes
    anchor: int
    last: int = 0
    reserved: int = 0
    source_at: int = 0
    source_seen: int = 0

    def packed(self) -> bytes:
        said = (self.boot, self.anchor, self.last, self.reserved, self.source_at, self.source_seen)
        return _FORM.pack(_MAGIC, zlib.crc32(repr(said).encode()), *said)

    @classmethod
    def unpacked(cls, kept: bytes) -> "_Record":
        magic, check, *said = _FORM.unpack(kept)
        if magic != _MAGIC or check != zlib.crc32(repr(tuple(said)).encode()):
            raise ValueError("the record of the clock is damaged")
        return cls(*said)


def steady_ns() -> int:
    """A clock that runs since the machine was started, asleep or not, and that nobody can set."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def boot_id() -> bytes:
    """Which start of the machine this is; the steady clock begins anew with each."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return bytes.fromhex(text.strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)


class Guard:
    """The guard over one record file. Threads and processes may share the file; each process has one guard.

    `drift_s`: how far the clock may be from the steady one; `lost_s`: how long it may be trusted without its source; `remembers`: a
    machine that never had a source is not refused for want of one, but one that had it is (`auto`).
    """

    def __init__(
        self,
        path: Path,
        *,
        source: Source = sources.nobody,
        drift_s: float = 0.5,
        lost_s: float = 300.0,
        remembers: bool = False,
        poll_s: float = 1.0,
        wall_ns: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = steady_ns,
        boot: Callable[[], bytes] = boot_id,
    ) -> None:
        self.path, self.drift, self.lost = path, int(drift_s * SECOND), int(lost_s * SECOND)
        self._source, self._remembers, self._poll = source, remembers, int(poll_s * SECOND)
        self._wall, self._steady, self._boot = wall_ns, steady, boot()
        self._threads, self._file, self._pid = threading.Lock(), -1, 0
        self._asked: tuple[int, Reading] | None = None

    def moment(self) -> Moment:
        """A time later than every one given out before. Raises `ClockRefused`."""
        reading = self._ask()
        with self._held() as record:
            record, condition, wall = self._judged(record, reading)
            if condition.refuses:
                self._write(record)
                raise ClockRefused(condition)
            given = max(wall, record.last + 1)
            ahead = given > record.reserved
            self._write(replace(record, last=given, reserved=given + SECOND if ahead else record.reserved))
            if ahead:
                os.fdatasync(self._file)
        return Moment(given, condition.state == TRUSTED)

    def condition(self) -> Condition:
        """How the clock is now; gives no time out."""
        reading = self._ask()
        try:
            with self._held() as record:
                record, condition, _wall = self._judged(record, reading)
                self._write(record)
        except ClockRefused as refused:
            return refused.condition
        return condition

    def trust(self) -> Condition:
        """Take the clock as it stands for right, from now on, after a person has checked it. Not earlier than what was given out:
        the condition returned is then still `behind`. A record that is damaged is begun anew.
        """
        reading = self._ask()
        with self._held(anew=True) as record:
            wall, steady = self._now()
            if wall > record.last:
                record = replace(record, boot=self._boot, anchor=wall - steady)
            else:
                record = replace(record, boot=bytes(16))
            record, condition, _wall = self._judged(record, reading)
            self._write(record)
        return condition

    def not_before(self, microseconds: int) -> None:
        """Never give out this time or an earlier one: what is known from elsewhere to have been given out."""
        with self._held() as record:
            if record.last < microseconds:
                self._write(replace(record, last=microseconds))

    def _now(self) -> tuple[int, int]:
        return self._wall() // 1000, self._steady() // 1000

    def _ask(self) -> Reading:
        now = self._steady() // 1000
        if self._asked is None or not 0 <= now - self._asked[0] < self._poll:
            self._asked = (now, self._source())
        return self._asked[1]

    def _judged(self, record: _Record, reading: Reading) -> tuple[_Record, Condition, int]:
        wall, steady = self._now()
        if record.boot != self._boot:
            floor = max(record.last, record.reserved)
            if wall <= floor:
                return record, Condition(BEHIND, (floor - wall) / SECOND), wall
            record = replace(record, boot=self._boot, anchor=wall - steady, last=floor, source_at=0)
        apart = wall - steady - record.anchor
        if abs(apart) > self.drift:
            return record, Condition(STEPPED, apart / SECOND), wall
        if record.last - wall > self.drift:
            return record, Condition(BEHIND, (record.last - wall) / SECOND), wall
        return self._watched(record, reading, wall, steady)

    def _watched(self, record: _Record, reading: Reading, wall: int, steady: int) -> tuple[_Record, Condition, int]:
        if reading.state == sources.OFF:
            return record, Condition(SOURCE_OFF, reading.error_s or 0.0), wall
        if reading.state == sources.GOOD:
            return replace(record, source_at=max(steady, 1), source_seen=1), Condition(TRUSTED), wall
        if reading.state == sources.NONE or (self._remembers and not record.source_seen):
            return record, Condition(UNWATCHED), wall
        alone = steady - record.source_at
        if not record.source_at or alone > self.lost:
            return record, Condition(SOURCE_LOST, alone / SECOND if record.source_at else 0.0), wall
        return record, Condition(TRUSTED), wall

    @contextmanager
    def _held(self, *, anew: bool = False) -> Iterator[_Record]:
        with self._threads:
            try:
                self._open()
                fcntl.flock(self._file, fcntl.LOCK_EX)
            except OSError:
                raise ClockRefused(Condition(UNREADABLE)) from None
            try:
                yield self._read(anew)
            except OSError:  # disk full, disk gone
                raise ClockRefused(Condition(UNREADABLE)) from None
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _open(self) -> None:
        if self._file >= 0 and self._pid == os.getpid():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._pid = os.getpid()

    def _read(self, anew: bool) -> _Record:
        kept = os.pread(self._file, _FORM.size + 1, 0)
        wall, steady = self._now()
        fresh = _Record(self._boot, wall - steady)
        if not kept:
            return fresh
        try:
            return _Record.unpacked(kept)
        except (ValueError, struct.error):
            if anew:
                return fresh
            raise ClockRefused(Condition(UNREADABLE)) from None

    def _write(self, record: _Record) -> None:
        os.pwrite(self._file, record.packed(), 0)
        if os.fstat(self._file).st_size != _FORM.size:
            os.ftruncate(self._file, _FORM.size)
