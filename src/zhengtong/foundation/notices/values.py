"""What a notice is made from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict


class NewNotice(TypedDict):
    """What a notice is described by; see `prepared`."""

    template: str
    at: datetime
    to_user_id: NotRequired[int | None]
    phone: NotRequired[str]
    email: NotRequired[str]
    params: NotRequired[Mapping[str, Any] | None]
    subject: NotRequired[str]
    url: NotRequired[str]
    language: NotRequired[str]
