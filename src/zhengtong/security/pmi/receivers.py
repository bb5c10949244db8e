"""Alarms: what looks like an intrusion is told to the security administrators within seconds (GB/T 22239-2019 8.1.4.4 f)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop

from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.events.public import Envelope, receives
from zhengtong.foundation.notices import public as notices
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.events import SignInLocked
from zhengtong.security.pmi import queries
from zhengtong.security.pmi.events import AccessRefused, AlarmRaised

WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Alarm:
    """`most` events within `WITHIN` are ordinary; `per_person`: of one person, else of different ones."""

    what: str
    most: int
    per_person: bool
    template: str


LOCKED = Alarm("locked", 5, False, "pmi.alarm_locked")
REFUSED = Alarm("refused", 20, True, "pmi.alarm_refused")

notices.register_template(
    LOCKED.template,
    subject=gettext_noop("安全告警：短时间内多个账号被锁定"),
    body=gettext_noop(
        "10分钟内有{count}个账号因输错密码被锁定，可能有人在猜密码。请查看登录来源，必要时在边界设备上限制网络地址。"
    ),
)
notices.register_template(
    REFUSED.template,
    subject=gettext_noop("安全告警：一个账号多次越权访问"),
    body=gettext_noop(
        "工作人员账号{login}在10分钟内被拒绝{count}次，可能账号被盗用或有人试探权限。请核实，必要时停用账号。"
    ),
)


@receives((SignInLocked, AccessRefused), name="pmi.alarms")
def watch(envelope: Envelope) -> None:
    """Count what happened lately; beyond the ordinary every security administrator gets a notice, once an hour."""
    fact: Any = envelope.event
    alarm = LOCKED if isinstance(fact, SignInLocked) else REFUSED
    at = envelope.effective_at
    lately = OutboxEvent.objects.filter(name=type(fact).name, effective_at__gt=at - WITHIN, effective_at__lte=at)
    if alarm.per_person:
        count = lately.filter(subject=f"user:{fact.user_id}").count()
    else:
        count = lately.values("subject").distinct().count()
    about = f"{alarm.what} {fact.user_id if alarm.per_person else ''} {at:%Y-%m-%d %H}"
    if count <= alarm.most or not accounts.use_once(kind="alarm", value=about, at=at):
        return
    login = str(queries.get_official(fact.user_id).username) if alarm.per_person else ""
    events.publish(AlarmRaised(what=alarm.what, count=count), at=at)
    for user_id in {grant.user_id for grant in queries.holders_of("security_admin", on=at.date())}:
        notices.send(
            template=alarm.template,
            to_user_id=user_id,
            params={"count": count, "login": login},
            url="/authority/",
            at=at,
        )
