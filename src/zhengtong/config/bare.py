"""Django without a county: for commands that compute and keep nothing, so that no folder, key or database is made."""

from pathlib import Path

import django
from django.conf import settings

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def setup() -> None:
    """Make translations usable. Does nothing when the settings of a county are already in force."""
    if settings.configured:
        return
    settings.configure(
        INSTALLED_APPS=[],
        USE_I18N=True,
        USE_TZ=True,
        TIME_ZONE="Asia/Shanghai",
        LANGUAGE_CODE="zh-hans",
        LOCALE_PATHS=[LOCALE],
    )
    django.setup()
