"""Which packages of the lock file have a known hole, by published advisories in the OSV format (ossf.github.io/osv-schema).

The product asks no service: the advisories are a folder or a ZIP archive that somebody fetched, such as the `PyPI` export of
osv.dev. How long a hole may stay stands in `MEND_WITHIN` and in SECURITY.md. ASVS 5.0 15.1.1, 15.2.1; GB/T 22239-2019 8.1.4.4 e).
"""

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

MEND_WITHIN = {"CRITICAL": 3, "HIGH": 10, "MODERATE": 30, "LOW": 90}
"""Days from the publication of an advisory to the release that mends it; one without a severity counts as high."""

TOO_OLD = timedelta(days=14)
"""Advisories of which the newest is older clear nobody."""

_RELEASE = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True)
class Hole:
    """One advisory that fits a pinned package, and until when it is to be mended."""

    package: str
    version: str
    advisory: str
    severity: str
    summary: str
    due: datetime


@dataclass(frozen=True)
class Answer:
    """What the advisories say: how many were read, how new they are, what fits."""

    read: int
    newest: datetime | None
    holes: list[Hole]


def examine(pinned: dict[str, str], source: Path) -> Answer:
    """Hold the pinned versions (by canonical name) against every advisory in `source`, a folder or a ZIP archive.

    Raises `OSError` or `ValueError` when it cannot be read.
    """
    read, newest, holes = 0, None, []
    for advisory in _advisories(source):
        read += 1
        changed = datetime.fromisoformat(advisory["modified"])
        newest = changed if newest is None else max(newest, changed)
        if "withdrawn" not in advisory:
            holes += [hole for one in advisory.get("affected", []) if (hole := _hole(advisory, one, pinned))]
    return Answer(read, newest, sorted(set(holes), key=lambda hole: (hole.due, hole.package, hole.advisory)))


def _advisories(source: Path) -> Iterator[dict[str, Any]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.json")):
            yield json.loads(path.read_bytes())
        return
    try:
        with zipfile.ZipFile(source) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".json"):
                    yield json.loads(archive.read(name))
    except zipfile.BadZipFile as damaged:
        raise ValueError(str(damaged)) from None


def _hole(advisory: dict[str, Any], affected: dict[str, Any], pinned: dict[str, str]) -> Hole | None:
    package = affected.get("package", {})
    name = re.sub(r"[-_.]+", "-", str(package.get("name", ""))).lower()
    if package.get("ecosystem") != "PyPI" or name not in pinned or not is_affected(pinned[name], affected):
        return None
    severity = str(advisory.get("database_specific", {}).get("severity", "")).upper().replace("MEDIUM", "MODERATE")
    severity = severity if severity in MEND_WITHIN else "HIGH"
    since = datetime.fromisoformat(advisory.get("published", advisory["modified"]))
    due = since + timedelta(days=MEND_WITHIN[severity])
    return Hole(name, pinned[name], str(advisory["id"]), severity, str(advisory.get("summary", ""))[:200], due)


def is_affected(version: str, affected: dict[str, Any]) -> bool:
    """The version is named, or lies in a range: from `introduced` to before `fixed` or up to `last_affected`."""
    if version in affected.get("versions", []):
        return True
    for given in affected.get("ranges", []):
        inside = False
        for event in sorted(given.get("events", []), key=lambda event: _release(str(next(iter(event.values()))))):
            kind, place = next(iter(event.items()))
            if kind == "introduced" and _release(str(place)) <= _release(version):
                inside = True
            elif (kind == "fixed" and _release(str(place)) <= _release(version)) or (
                kind == "last_affected" and _release(str(place)) < _release(version)
            ):
                inside = False
        if inside and given.get("type") == "ECOSYSTEM":
            return True
    return False


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a release without trailing noughts; what is before it (rc, beta) counts as the release."""
    found = _RELEASE.match(version.removeprefix("v"))
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
