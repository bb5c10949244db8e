"""Channels: how a notice leaves the house. E-mail goes by Django's mail settings; SMS is a slot for the county's gateway."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail

INBOX, EMAIL, SMS = "inbox", "email", "sms"


@dataclass(frozen=True)
class Message:
    """One message for one address. `key` is the same at every attempt, so that a gateway can drop a repetition."""

    key: str
    address: str
    subject: str
    text: str
    at: datetime


Send = Callable[[Message], None]
CHANNELS: dict[str, Send] = {}


def register_channel(name: str, send: Send) -> None:
    """Let `send` carry the messages of a channel; it raises when it could not. Replaces what was there (a real gateway)."""
    CHANNELS[name] = send


def by_mail(message: Message) -> None:
    """Send an e-mail. A line break in what somebody wrote is a blank in the subject: it makes no header and holds nothing up."""
    send_mail(" ".join(message.subject.split()), message.text, settings.DEFAULT_FROM_EMAIL, [message.address])


def to_local_record(message: Message) -> None:
    """The SMS channel of a county without a gateway: a line in DATA/sms.log, the phone masked."""
    phone = message.address
    line = {
        "key": message.key,
        "at": message.at.isoformat(timespec="seconds"),
        "phone": phone[:3] + "*" * max(len(phone) - 7, 0) + phone[-4:],
        "text": message.text,
    }
    handle = os.open(Path(settings.DATA) / "sms.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


register_channel(EMAIL, by_mail)
register_channel(SMS, to_local_record)
