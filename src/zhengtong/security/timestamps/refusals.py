"""Refusals of timestamps, and the clock's condition in words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.kernel.errors import Invalid, Refusal, Unavailable
from zhengtong.security.timestamps import clock
from zhengtong.security.timestamps.clock import Condition


class StampUnavailable(Unavailable):
    """No stamp can be given now: what needs one waits and tries again. `condition` is None when it is not the clock's fault."""

    code = "stamp_unavailable"

    def __init__(self, message: object, *, condition: Condition | None = None) -> None:
        super().__init__(message)
        self.condition = condition


class StampNotGenuine(Invalid):
    """A stamp that does not prove what it is said to prove; the sentence says what is wrong."""

    code = "stamp_not_genuine"


class CannotTrustClock(Refusal):
    """The clock cannot be taken for right as it stands."""

    code = "cannot_trust_clock"


KEY_GONE = gettext_lazy("时间戳密钥不可用，暂时不能盖时间戳。等待的内容不会丢失，密钥恢复后自动补盖。")


def sentence(condition: Condition) -> str:
    """The state of the clock as a sentence for a person."""
    seconds = f"{abs(condition.seconds):.1f}"
    said = {
        clock.TRUSTED: _("时钟正常：有时间源校准，没有跳变。"),
        clock.UNWATCHED: _("时钟没有跳变，但没有接入时间源：只能发现跳变，不能保证与标准时间一致，时间戳不注明精度。"),
        clock.STEPPED: _("时钟跳变了{seconds}秒，已停止盖时间戳。请核对标准时间，改正时钟后在本页确认。"),
        clock.BEHIND: _("时钟比已盖的时间戳早{seconds}秒，已停止盖时间戳。请核对标准时间；时钟走过该时刻后自动恢复。"),
        clock.SOURCE_LOST: _("时间源失联，已停止盖时间戳。请检查对时服务（chrony等）和网络；恢复对时后自动恢复。"),
        clock.SOURCE_OFF: _("时间源报告时钟偏差{seconds}秒，已停止盖时间戳。请检查对时服务；偏差消除后自动恢复。"),
        clock.UNREADABLE: _("时钟记录无法读写，已停止盖时间戳。请检查磁盘；记录损坏的，核对标准时间后在本页确认。"),
    }
    return said[condition.state].format(seconds=seconds)
