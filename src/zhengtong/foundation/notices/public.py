"""The door of notices."""

from zhengtong.foundation.notices.channels import CHANNELS, EMAIL, INBOX, SMS, Message, register_channel
from zhengtong.foundation.notices.kinds import TEMPLATES, Template, register_template
from zhengtong.foundation.notices.operations import deliver_waiting, mark_read, send
from zhengtong.foundation.notices.queries import unread_count

__all__ = [
    "CHANNELS",
    "EMAIL",
    "INBOX",
    "SMS",
    "TEMPLATES",
    "Message",
    "Template",
    "deliver_waiting",
    "mark_read",
    "register_channel",
    "register_template",
    "send",
    "unread_count",
]
