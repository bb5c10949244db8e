"""Saying how far it is: on a terminal one line that is rewritten, in a log one line a step."""

import sys
import time


class Progress:
    """`say("files", 20, 500)`; ask `seconds()` at the end."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.live = sys.stdout.isatty()
        self.last = ""

    def __call__(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Report a step, with `done` of `total` when it can be counted."""
        share = f" {done}/{total}" if done is not None and total else ""
        line = f"{self.seconds():7.1f} s  {text}{share}"
        if self.live:
            before = "\r\x1b[K" if self.last == text else "\n" if self.last else ""
            print(before + line, end="", flush=True)
        elif self.last != text or done == total:
            print(line, flush=True)
        self.last = text

    def end(self) -> None:
        """Leave the line that was rewritten."""
        if self.live and self.last:
            print(flush=True)

    def seconds(self) -> float:
        """Since this was made."""
        return time.monotonic() - self.started
