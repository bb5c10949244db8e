"""What watches over the machine's clock: chrony, the kernel's own account of it (adjtimex), or a file that a receiver keeps touching.

A source says one of four things: the time is good; it is known to be off; nobody watches it any more; there never was a watch.
Which one is asked is a setting (`TIMESTAMPS["source"]`): `auto`, `kernel`, `chrony`, `file:PATH` or `none`.
"""

import ctypes
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GOOD, OFF, LOST, NONE = "good", "off", "lost", "none"
MOST_ERROR_S = 0.5
"""What a source may leave open. The guard allows as much again, and the accuracy in a token is the sum."""
FRESH_S = 64.0
"""A receiver touches its file at least this often while it has the time."""
UNSYNCHRONISED, TIME_ERROR = 0x40, 5


@dataclass(frozen=True)
class Reading:
    """What a source said; `error_s` is how far off the clock may be, in seconds, where the source knows."""

    state: str
    error_s: float | None = None


Source = Callable[[], Reading]


class _Timex(ctypes.Structure):
    """`struct timex` of Linux (adjtimex(2))."""

    _fields_ = [  # noqa: RUF012
        ("modes", ctypes.c_uint),
        *[(name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")],
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    ]


def kernel() -> Reading:
    """The kernel's account, which ntpd, chrony and systemd-timesyncd all keep: `maxerror` grows by itself once they stop."""
    if sys.platform != "linux":
        return Reading(NONE)
    account = _Timex()
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.byref(account))
    except (OSError, AttributeError):
        return Reading(NONE)
    if answer < 0:
        return Reading(NONE)
    error = account.maxerror / 1e6
    if answer == TIME_ERROR or account.status & UNSYNCHRONISED or error > MOST_ERROR_S:
        return Reading(LOST)
    return Reading(GOOD, error)


def chrony() -> Reading:
    """chrony's own account (`chronyc -c tracking`): offset of the clock, and how much it cannot know."""
    program = shutil.which("chronyc")
    if program is None:
        return Reading(LOST)
    try:
        answer = subprocess.run([program, "-c", "tracking"], capture_output=True, text=True, timeout=2, check=True)
        return chrony_says(answer.stdout)
    except (OSError, subprocess.SubprocessError):
        return Reading(LOST)


def chrony_says(line: str) -> Reading:
    """One line of `chronyc -c tracking`: offset is field 5, root delay 11, root dispersion 12, leap status 14."""
    fields = line.strip().split(",")
    try:
        offset, delay, dispersion, leap = float(fields[4]), float(fields[10]), float(fields[11]), fields[13]
    except (ValueError, IndexError):
        return Reading(LOST)
    if leap == "Not synchronised" or dispersion + delay / 2 > MOST_ERROR_S:
        return Reading(LOST)
    error = abs(offset) + dispersion + delay / 2
    return Reading(OFF if abs(offset) > MOST_ERROR_S else GOOD, error)


def watched(path: Path) -> Source:
    """A file whose age says that the time is good, for radio and satellite receivers; it may hold the offset in seconds."""

    def read() -> Reading:
        try:
            age, said = time.time() - path.stat().st_mtime, path.read_text(encoding="ascii").strip() or "0"
            offset = abs(float(said))
        except (OSError, ValueError):
            return Reading(LOST)
        if abs(age) > FRESH_S:
            return Reading(LOST)
        return Reading(GOOD if offset <= MOST_ERROR_S else OFF, offset)

    return read


def nobody() -> Reading:
    """There is no source."""
    return Reading(NONE)


def source_of(setting: str) -> Source:
    """The source that a setting names. Raises ValueError for a name that is none."""
    if setting.startswith("file:"):
        return watched(Path(setting.removeprefix("file:")))
    named: dict[str, Source] = {"auto": kernel, "kernel": kernel, "chrony": chrony, "none": nobody}
    if setting not in named:
        raise ValueError(f"TIMESTAMPS source: {setting!r} is none of {', '.join(named)}, file:PATH")
    return named[setting]
