"""Text as the index sees it: overlapping pairs of characters, so that no word of two characters is ever missed.

Word segmentation loses what stands inside a longer word; pairs do not. `食品许可` becomes `食品 品许 许可 可`: the last
character stands alone at the end of a run, so that a query of one character is a prefix query that misses nothing, and
so that a phrase never reaches from one run into the next.
"""

import unicodedata

from zhengtong.foundation.search.pinyin import syllables


def normalise(text: str) -> str:
    """One form for full and half width, upper and lower case."""
    return unicodedata.normalize("NFKC", text).casefold()


def runs(text: str) -> list[str]:
    """The stretches of letters, digits and Chinese characters in `text`, normalised."""
    return "".join(c if c.isalnum() else " " for c in normalise(text)).split()


def pairs(run: str) -> list[str]:
    """The overlapping pairs of one run; a single character is returned alone."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def tokens(text: str) -> list[str]:
    """What is written to the index for `text`."""
    return [token for run in runs(text) for token in (*(run[i : i + 2] for i in range(len(run) - 1)), run[-1])]


def pinyin(text: str) -> str:
    """Full pinyin and initials of the Chinese runs of `text`: `shipinjingying spjy`."""
    words = []
    for run in runs(text):
        if run.isascii():
            continue
        read = syllables(run)
        words += ["".join(read), "".join(s[0] for s in read if s)]
    return " ".join(words)
