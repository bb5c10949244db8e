"""What a password may not be made of: words of this place (ASVS 5.0 6.1.2, 6.2.11) and passwords that are known (6.2.12)."""

import hashlib
import mmap
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext as _

from zhengtong.foundation.search import public as search

WORDS = (
    *(
        "zhengtong",
        "政通",
        "zhengwu",
        "政务",
        "zhengfu",
        "政府",
        "shenpi",
        "审批",
        "xingzheng",
        "行政",
        "dating",
        "大厅",
    ),
    *("admin", "administrator", "guanliyuan", "管理员", "shenjiyuan", "审计员", "chuangkou", "窗口", "jumin", "居民"),
    *("password", "passwd", "mima", "密码", "kouling", "口令", "welcome", "huanying", "county", "xian", "gov"),
)
"""Product, trade, roles; the county's own words come to them: see `words_of_this_place`."""

LEAST_LEFT = 6
"""So many characters must be left of a password when these words, digits and signs at its ends are taken away."""

_ENDS = re.compile(r"^[\d\W_]+|[\d\W_]+$")


def words_of_this_place() -> tuple[str, ...]:
    """Every word that does not count, longest first: `WORDS`, the county's name, its host names, its division code."""
    name = str(settings.COUNTY_NAME)
    place = re.sub(r"(人民)?政府$|[县市区旗]$", "", re.sub(r"人民政府$", "", name))
    hosts = (part for host in settings.ALLOWED_HOSTS for part in re.findall(r"[a-z]{3,}", host.lower()))
    ours = {name, place, "".join(search.syllables(place)), str(settings.COUNTY_DIVISION), *hosts, *WORDS}
    return tuple(sorted((word.casefold() for word in ours if len(word) > 1), key=lambda word: (-len(word), word)))


class NotOfThisPlace:
    """Refuses a password of which little is left without the words everybody here would guess."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError`."""
        left = password.casefold()
        found = [word for word in words_of_this_place() if word in left]
        for word in found:
            left = left.replace(word, "")
        if found and len(_ENDS.sub("", left)) < LEAST_LEFT:
            raise ValidationError(
                _("密码里主要是“{word}”这样容易猜到的词。请换成只有自己知道的一句话。").format(word=found[0]),
                code="password_of_this_place",
            )

    def get_help_text(self) -> str:
        """What the page says."""
        return _("不要用单位名、地名、系统名加数字作密码。")


class NotBreached:
    """Refuses a password whose SHA-1 stands in the county's file of known passwords; without a file it asks nothing.

    The form is that of Pwned Passwords, one `HASH:COUNT` a line, sorted: a lookup halves the file and leaves the password here.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError`."""
        if settings.BREACHED_PASSWORDS and is_known(password, Path(settings.BREACHED_PASSWORDS)):
            raise ValidationError(
                _("这个密码在别处泄露过，已被人收集。请换一个没有在其他网站用过的。"), code="password_breached"
            )

    def get_help_text(self) -> str:
        """What the page says."""
        return _("不要用在其他网站用过的密码。")


def is_known(password: str, path: Path) -> bool:
    """True when the digest of `password` is in the sorted file. Raises `ImproperlyConfigured` when it cannot be read."""
    sought = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            return _stands_in(lines, sought)
    except (OSError, ValueError):
        raise ImproperlyConfigured(f"ZHENGTONG_BREACHED_PASSWORDS: {path} cannot be read") from None


def _stands_in(lines: mmap.mmap, sought: bytes) -> bool:
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        begin = lines.rfind(b"\n", low, middle) + 1 or low
        end = lines.find(b"\n", middle, high)
        end = high if end < 0 else end
        digest = lines[begin:end].strip()[: len(sought)].upper()
        if digest == sought:
            return True
        if digest < sought:
            low = end + 1
        else:
            high = begin
    return False
