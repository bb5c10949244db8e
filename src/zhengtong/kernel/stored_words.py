"""Words that are stored now and read later, in the language of whoever reads them: a message id and its params.

A to-do, a notice or a line of history is written by a program at a time when nobody knows its reader. So the Chinese
message id is stored (`gettext_noop("{number}已受理")`) with plain params, and becomes words when it is shown.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext


def in_words(message: str, params: Mapping[str, Any]) -> str:
    """`message` in the language in use, with `params` filled in.

    A param {"zh": …, "en": …} is itself in two languages, {"date": "2026-12-03"} is a day. A param that a writer forgot
    shows as "…", so that a list never fails because of one line.
    """
    if not message:
        return ""
    return gettext(message).format_map(_Params({key: _chosen(value) for key, value in params.items()}))


def _chosen(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "date" in value:
        return date_format(date.fromisoformat(value["date"]), "DATE_FORMAT")
    english = (get_language() or "").startswith("en")
    return (english and value.get("en")) or value.get("zh", "")


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
