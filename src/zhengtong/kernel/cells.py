"""Text as a cell of a file for spreadsheet programs: it is shown, never run, and never spoils the file.

safe("=HYPERLINK(…)")    '=HYPERLINK(…)     a formula becomes text
safe("姓名\\x0b")         姓名               what no workbook can hold is left out
"""

import re

_UNKEPT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_RUN = "=+-@＝＋－＠"  # programs set to Chinese read the wide signs as well


def safe(text: str) -> str:
    """`text` without the characters a workbook cannot hold, with an apostrophe before what would be run as a formula."""
    kept = _UNKEPT.sub("", text)
    runs = kept[:1] in "\t\r\n" or kept.lstrip()[:1] in _RUN
    return f"'{kept}" if kept.strip() and runs else kept
