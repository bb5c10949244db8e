"""What the page of the time stamps shows."""

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from zhengtong.security.timestamps import clock
from zhengtong.security.timestamps.authority import authority
from zhengtong.security.timestamps.clock import Condition
from zhengtong.security.timestamps.models import Outage
from zhengtong.security.timestamps.operations import STAMPERS

REASONS: dict[str, str | Promise] = {
    clock.STEPPED: gettext_lazy("时钟跳变"),
    clock.BEHIND: gettext_lazy("时钟早于已盖的时间戳"),
    clock.SOURCE_LOST: gettext_lazy("时间源失联"),
    clock.SOURCE_OFF: gettext_lazy("时钟偏差过大"),
    clock.UNREADABLE: gettext_lazy("时钟记录无法读写"),
    "key_gone": gettext_lazy("密钥不可用"),
}
MENDED_BY_HAND = (clock.STEPPED, clock.BEHIND, clock.UNREADABLE)


def condition() -> Condition:
    """How the clock is, as this process sees it."""
    return authority().condition()


def waiting() -> tuple[int, datetime | None]:
    """How many things wait for a stamp, and since when the oldest (by the machine's clock)."""
    found = [stamper.waiting() for stamper in STAMPERS.values()]
    return sum(number for number, _since in found), min((since for _n, since in found if since), default=None)


def latest() -> datetime | None:
    """The time in the last stamp that was given to what waits here; None before the first."""
    return max((last for stamper in STAMPERS.values() if (last := stamper.latest())), default=None)


def outages(*, limit: int = 10) -> list[Outage]:
    """The last times in which no stamp could be given."""
    return list(Outage.objects.all()[:limit])
