"""Write docs/reference/routes.csv: every address of the product and what it asks of its visitor."""

import csv
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "routes.csv"


def routes(resolver: Any, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """(address, view) of everything below a resolver."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{prefix}{entry.pattern}", entry.callback
        else:
            yield from routes(entry, f"{prefix}{entry.pattern}")


def main() -> int:
    """Write the table."""
    import django

    with tempfile.TemporaryDirectory() as data:
        os.environ["DATA"] = data
        os.environ["DJANGO_SETTINGS_MODULE"] = "zhengtong.config.settings"
        django.setup()
        from django.urls import get_resolver

        from zhengtong.security.pmi.middleware import access_of

        with TARGET.open("w", encoding="utf-8", newline="") as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow(["route", "level", "permission"])
            for route, view in routes(get_resolver()):
                mark = access_of(view)
                writer.writerow([route, mark.level if mark else "", mark.permission if mark else ""])
    print(f"wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
