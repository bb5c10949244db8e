"""Who may open the files that were handed in with an appeal: whoever may see its card."""

from typing import Any

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.files import public as files
from zhengtong.oversight.supervision import rules
from zhengtong.oversight.supervision.models import Appeal

APPEAL = "supervision_appeal"


def _of_appeal(user: Any, owner_id: int) -> bool:
    found = Appeal.objects.filter(pk=owner_id).first()
    on = calendars.official_today()
    return found is not None and rules.visible(user, on=on).filter(pk=found.card_id).exists()


def register() -> None:
    """Open the slot of files."""
    files.register_reader(APPEAL, _of_appeal)
