"""The bodies of the demo county, set up by the real operation from `data/organizations.json`."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization

DATA = Path(__file__).parent / "data" / "organizations.json"


def load(at: datetime, progress: Callable[[str], None] = print, *, established_on: date | None = None) -> int:
    """Set up every body that is not there yet, parents first; the number set up. Running it again changes nothing."""
    rows = json.loads(DATA.read_text(encoding="utf-8"))["organizations"]
    known = {body.code: body for body in Organization.objects.all()}
    missing = [row for row in rows if row["code"] not in known]
    with transaction.atomic():
        for row in missing:
            parent = known[row["parent"]] if row.get("parent") else None
            facts = {key: value for key, value in row.items() if key != "parent"}
            known[row["code"]] = organizations.establish(
                **facts, parent=parent, established_on=established_on, by=None, at=at
            )
    if missing:
        progress(f"机构 {len(missing)} 个")
    return len(missing)
