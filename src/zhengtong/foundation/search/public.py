"""The door of search."""

from zhengtong.foundation.search.operations import add_synonym, forget, index, rebuild
from zhengtong.foundation.search.pinyin import syllables
from zhengtong.foundation.search.queries import find, suggest
from zhengtong.foundation.search.values import Hit, Results, marked

__all__ = ["Hit", "Results", "add_synonym", "find", "forget", "index", "marked", "rebuild", "suggest", "syllables"]
