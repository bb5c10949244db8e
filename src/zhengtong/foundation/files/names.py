"""File names as people gave them, made safe to show and to save."""

import re
import unicodedata

from django.utils.translation import gettext as _

LONGEST = 100
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
_DEVICES = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}


def extension_of(name: str) -> str:
    """The lower-case extension without its dot, "" when there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.strip().lower() if dot and stem else ""


def safe_name(name: str, *, extension: str) -> str:
    """`name` without folders, control and direction-changing characters, not too long, ending in `extension`.

    Direction marks are dropped because `合同\\u202efdp.exe` reads as a PDF.
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    shown = " ".join(_FORBIDDEN.sub("_", shown).split()).strip(". ")
    stem = shown.rpartition(".")[0] if extension_of(shown) else shown
    stem = stem.strip(". ")
    if not stem or stem.lower() in _DEVICES:
        stem = _("附件")
    return f"{stem[: LONGEST - len(extension) - 1].rstrip('. ')}.{extension}"
