"""A process that takes times from a guard until it is killed."""

from pathlib import Path

from zhengtong.security.timestamps.clock import Guard


def give_out(path: Path, out: Path) -> None:
    """Write every time that the guard over `path` gives, one a line."""
    guard = Guard(path)
    with out.open("w") as written:
        while True:
            written.write(f"{guard.moment().microseconds}\n")
            written.flush()
