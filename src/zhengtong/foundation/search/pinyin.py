"""How Chinese is read: a dictionary of 58 MB, taken out while something is indexed and put away when nobody needs it.

With its phrases, because 行 in 银行 and in 行政 are two words to somebody who types. See docs/decisions/0019.
"""

import gc
import sys
import threading
import time

PACKAGE = "pypinyin"
KEPT_SECONDS = 20.0
_lock = threading.Lock()
_used_at = 0.0
_watched = False


def syllables(run: str) -> list[str]:
    """The readings of the characters of one run, without tones: 食品 → shi, pin."""
    global _used_at
    with _lock:
        from pypinyin import lazy_pinyin

        _used_at = time.monotonic()
        _watch()
        return lazy_pinyin(run)


def is_out() -> bool:
    """Whether the dictionary is in memory now."""
    return PACKAGE in sys.modules


def put_away() -> None:
    """Give the dictionary's memory back; the next reading takes it out again, in an eighth of a second."""
    global _watched
    with _lock:
        _watched = False  # a look that is still to come finds nothing to do
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        gc.collect()


def _watch() -> None:
    """Look again when it may have been long enough: one look at a time, however many titles are read in between."""
    global _watched
    if not _watched:
        _watched = True
        timer = threading.Timer(KEPT_SECONDS, _look)
        timer.daemon = True
        timer.start()


def _look() -> None:
    global _watched
    with _lock:
        _watched = False
        if time.monotonic() - _used_at < KEPT_SECONDS:
            _watch()
            return
    put_away()
