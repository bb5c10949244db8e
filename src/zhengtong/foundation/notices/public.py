"""The door of notices."""

from zhengtong.foundation.notices.channels import CHANNELS, EMAIL, INBOX, SMS, Message, register_channel
from zhengtong.foundation.notices.kinds import TEMPLATES, Template, register_template
from zhengtong.foundation.notices.models import Notice
from zhengtong.foundation.notices.operations import deliver_waiting, forget, mark_read, prepared, send, send_all
from zhengtong.foundation.notices.queries import unread_count

__all__ = [
    "CHANNELS",
    "EMAIL",
    "INBOX",
    "SMS",
    "TEMPLATES",
    "Message",
    "Notice",
    "Template",
    "deliver_waiting",
    "forget",
    "mark_read",
    "prepared",
    "register_channel",
    "register_template",
    "send",
    "send_all",
    "unread_count",
]
