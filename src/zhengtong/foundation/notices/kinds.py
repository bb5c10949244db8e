"""Notice templates as data: every system registers the messages it sends."""

import string
from dataclasses import dataclass

SMS_MAY_NAME = frozenset({"number", "matter", "due", "office", "code", "days", "window_phone", "link"})
"""What a text message may say: a phone lies open on tables. `link` works once. Names, identity numbers and addresses stay in the inbox."""


@dataclass(frozen=True)
class Template:
    """Message ids of one kind of notice. Without `sms` it is never sent as a text message."""

    key: str
    subject: str
    body: str
    sms: str = ""


TEMPLATES: dict[str, Template] = {}


def register_template(key: str, *, subject: str, body: str, sms: str = "") -> Template:
    """Add a template (message ids, `gettext_noop`). Refuses a text message that names more than `SMS_MAY_NAME` allows."""
    named = {name for _, name, _, _ in string.Formatter().parse(sms) if name}
    if named - SMS_MAY_NAME:
        raise ValueError(f"the SMS of {key} names {sorted(named - SMS_MAY_NAME)}: too much for a text message")
    TEMPLATES[key] = Template(key, subject, body, sms)
    return TEMPLATES[key]
