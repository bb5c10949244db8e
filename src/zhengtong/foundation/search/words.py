"""What a person means: filler words are dropped, plain words stand for official ones."""

import json
import re
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from zhengtong.foundation.search.analysis import pairs, runs
from zhengtong.foundation.search.engines import AnyOf, Wanted
from zhengtong.foundation.search.models import Synonym

LONGEST_QUERY = 60
SYNONYMS_KEPT_SECONDS = 30
_BUILTIN = Path(__file__).parent / "data" / "words.json"
_synonyms: tuple[float, dict[str, tuple[str, ...]]] = (0.0, {})


@lru_cache(maxsize=1)
def _builtin() -> dict[str, Any]:
    return json.loads(_BUILTIN.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _fillers() -> re.Pattern[str]:
    words = sorted(_builtin()["fillers"], key=len, reverse=True)
    english = _builtin()["fillers_en"]
    return re.compile("|".join(map(re.escape, words)) + r"|\b(?:" + "|".join(english) + r")\b")


@lru_cache(maxsize=1)
def _measures() -> re.Pattern[str]:
    return re.compile("|".join(_builtin()["measures"]))


def synonyms() -> dict[str, tuple[str, ...]]:
    """Plain word → official words: those that ship with the product and the county's own (read afresh every 30 s)."""
    global _synonyms
    read_at, kept = _synonyms
    if not kept or time.monotonic() - read_at > SYNONYMS_KEPT_SECONDS:
        table: dict[str, tuple[str, ...]] = {}
        shipped = [(plain, word) for plain, officials in _builtin()["synonyms"].items() for word in officials]
        for plain, official in [*shipped, *Synonym.objects.values_list("plain", "official")]:
            key = "".join(_pieces(tuple(runs(plain))))  # as a query would be left after its fillers are dropped
            if key:
                table[key] = (*table.get(key, ()), *runs(official)[:1])
        kept = table
        _synonyms = (time.monotonic(), kept)
    return kept


def forget_synonyms() -> None:
    """Read the county's synonyms afresh at the next query."""
    global _synonyms
    _synonyms = (0.0, {})


def understand(text: str) -> Wanted | None:
    """The query meant by `text`; None when it has no letter in it."""
    typed = tuple(runs(text[:LONGEST_QUERY]))
    if not typed:
        return None
    pieces = _pieces(typed)
    return Wanted(typed, tuple(map(_choices, pieces)))


def _pieces(typed: tuple[str, ...]) -> tuple[str, ...]:
    joined = " ".join(_measures().sub("", run) for run in typed)
    left = _fillers().sub(" ", joined).split() or list(typed)
    long = [piece for piece in left if len(piece) > 1]
    return tuple(dict.fromkeys(long or left))


def _choices(piece: str) -> AnyOf:
    meant = [word for plain, words in synonyms().items() if plain in piece for word in words]
    return tuple(dict.fromkeys((piece, *meant)))


def pairs_of(wanted: Wanted) -> set[str]:
    """The pairs of what was meant, for the search that forgives typing errors."""
    return {pair for any_of in wanted.pieces for phrase in any_of[:1] for pair in pairs(phrase)}
