"""The catalogue as the hall lists it; figures of the home page. Each list is a constant number of queries."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.values import Verification
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.search import public as search
from zhengtong.kernel.errors import NotFound
from zhengtong.portal.hall import values
from zhengtong.portal.hall.values import LEGAL, PERSON, Service

NOTICEABLE = 0.03
COLUMNS = {
    "key": F("matter__key"),
    "department_code": F("matter__department__code"),
    "department_name": F("matter__department__name"),
    "department_name_en": F("matter__department__name_en"),
    "natural": F("document__themes_natural"),
    "legal": F("document__themes_legal"),
    "charged": F("document__fees__charged"),
}


def services() -> list[Service]:
    """Every published service; one query."""
    published = matters.MatterVersion.objects.filter(state=matters.MatterVersion.PUBLISHED)
    found = published.order_by("matter__department__path", "matter__implementation_code").values(
        "name",
        "name_en",
        "type_code",
        "audiences",
        "promised_workdays",
        "handling_type",
        "online_end_to_end",
        "guidance_only",
        "township_acceptance",
        **COLUMNS,
    )
    return [_service(row) for row in found]


def _service(row: Mapping[str, Any]) -> Service:
    en = values.english()
    codes = set(str(row["audiences"]).split(","))
    immediate = row["handling_type"] == "1"
    tags: list[tuple[str, str]] = []
    if row["guidance_only"]:
        tags.append((_("仅提供指南"), ""))
    elif row["online_end_to_end"]:
        tags.append((_("全程网办"), "ok"))
    if immediate:
        tags.append((_("即办"), "info"))
    return Service(
        key=row["key"],
        name=row["name_en"] if en and row["name_en"] else row["name"],
        department_code=row["department_code"],
        department=row["department_name_en"] if en and row["department_name_en"] else row["department_name"],
        type_code=row["type_code"],
        audiences=frozenset(({PERSON} if "1" in codes else set()) | ({LEGAL} if codes - {"1", ""} else set())),
        themes=(*(row["natural"] or ()), *(row["legal"] or ())),
        promised_workdays=row["promised_workdays"],
        immediate=immediate,
        end_to_end=row["online_end_to_end"],
        guidance_only=row["guidance_only"],
        township=row["township_acceptance"],
        free=not row["charged"],
        tags=tuple(tags),
    )


@dataclass(frozen=True)
class Wanted:
    """What a visitor asked the catalogue for."""

    text: str = ""
    audience: str = ""
    theme: str = ""
    department: str = ""
    type_code: str = ""
    township: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Wanted":
        """From the address."""
        names = {"text": "q", "type_code": "type"}
        asked = {name: str(given.get(names.get(name, name), ""))[:100].strip() for name in cls.__dataclass_fields__}
        return cls(**asked)

    @property
    def narrowed(self) -> bool:
        """True when any filter is set."""
        return any((self.audience, self.theme, self.department, self.type_code, self.township))

    def keeps(self, service: Service) -> bool:
        """True when `service` passes the filters."""
        return (
            (not self.audience or self.audience in service.audiences)
            and (not self.theme or self.theme in service.themes)
            and (not self.department or self.department == service.department_code)
            and (not self.type_code or self.type_code == service.type_code)
            and (not self.township or service.township or self.township == service.department_code)
        )


@dataclass(frozen=True)
class Found:
    """Services found, facets over them, and what else the search knows."""

    services: list[Service]
    facets: list[dict[str, Any]]
    approximate: bool
    elsewhere: Sequence[search.Hit]
    township: Organization | None = None


def find_services(wanted: Wanted) -> Found:
    """The catalogue, narrowed; a text is looked up by the search (plain words, pinyin, synonyms)."""
    everything = services()
    approximate, elsewhere = False, []
    if wanted.text:
        results = search.find(wanted.text, limit=100)
        approximate = results.approximate
        order = {_key_of(hit): n for n, hit in reversed(list(enumerate(results.hits)))}
        everything = sorted((s for s in everything if s.key in order), key=lambda s: order[s.key])
        known = {service.key for service in everything}
        elsewhere = [hit for hit in results.hits if _key_of(hit) not in known][:5]
    kept = [service for service in everything if wanted.keeps(service)]
    township = Organization.objects.filter(code=wanted.township).first() if wanted.township else None
    return Found(kept, _facets(kept if wanted.narrowed else everything, wanted), approximate, elsewhere, township)


def _key_of(hit: search.Hit) -> str:
    """The key of the matter a hit is about; empty for anything else."""
    return hit.object_id if hit.kind == "matter" else ""


def _facets(found: Iterable[Service], wanted: Wanted) -> list[dict[str, Any]]:
    found = list(found)
    counted = {
        "audience": Counter(a for s in found for a in s.audiences),
        "theme": Counter(t for s in found for t in set(s.themes)),
        "department": Counter(s.department_code for s in found),
        "type": Counter(s.type_code for s in found),
    }
    labels = {
        "audience": {key: str(label) for key, label in values.AUDIENCES.items()},
        "theme": {key: values.theme_label(key) for key in counted["theme"]},
        "department": {s.department_code: s.department for s in found},
        "type": {key: str(label) for key, label in values.TYPES.items()},
    }
    titles = {"audience": _("谁要办"), "theme": _("主题"), "department": _("部门"), "type": _("事项类型")}
    chosen = {
        "audience": wanted.audience,
        "theme": wanted.theme,
        "department": wanted.department,
        "type": wanted.type_code,
    }
    return [_facet(name, titles[name], counted[name], labels[name], chosen[name]) for name in titles if counted[name]]


def _facet(name: str, title: str, counts: Counter[str], labels: Mapping[str, str], chosen: str) -> dict[str, Any]:
    options = [{"value": key, "label": labels.get(key, key), "count": n} for key, n in counts.most_common()]
    return {"name": name, "title": title, "options": options, "chosen": chosen}


def get_matter(key: str) -> matters.Matter:
    """A published matter with its current version. Raises `NotFound` for one that is not (any more) published."""
    found = (
        matters.Matter.objects.select_related("current", "department").filter(key=key, current__isnull=False).first()
    )
    if found is None:
        raise NotFound(_("没有找到这个事项，它可能已经停用或改了名称。请从首页搜索。"))
    return found


@dataclass(frozen=True)
class ThemeTile:
    """A theme on the home page."""

    theme: str
    label: str
    picture: str
    count: int
    audience: str


def theme_tiles(found: Sequence[Service], audience: str, most: int = 12) -> list[ThemeTile]:
    """The themes of an audience that have services, fullest first, in at most `most` tiles."""
    counts = Counter(t for s in found if audience in s.audiences for t in set(s.themes) if t != "其他")
    top = [theme for theme, _n in counts.most_common(most)]
    order = list(values.THEMES)
    top.sort(key=lambda theme: order.index(theme) if theme in order else 99)
    return [
        ThemeTile(theme, values.theme_label(theme), values.THEMES.get(theme, ("", "doc"))[1], counts[theme], audience)
        for theme in top
    ]


def often_asked(found: Sequence[Service], most: int = 6) -> list[Service]:
    """What people ask for most, from the cases of the last year; filled up with what a county usually sees."""
    by_key = {service.key: service for service in found if not service.guidance_only}
    keys = [key for key in (*_asked_most(), *values.OFTEN, *by_key) if key in by_key]
    return [by_key[key] for key in dict.fromkeys(keys)][:most]


def for_elders(found: Sequence[Service]) -> list[Service]:
    """The services on the tiles of the elder version; what is asked for most where a county lacks them."""
    by_key = {service.key: service for service in found if PERSON in service.audiences}
    chosen = [by_key[key] for key in values.ELDERS if key in by_key]
    return [*chosen, *(s for s in often_asked(found) if s not in chosen)][: len(values.ELDERS)]


def _asked_most() -> list[str]:
    """Keys of the services with a noticeable share of all cases, most first; kept for ten minutes."""
    kept: list[str] | None = cache.get("hall.asked_most")
    if kept is None:
        rows = cases.Case.objects.exclude(state="draft").order_by().values("matter__key").annotate(n=Count("id"))
        counts = list(rows.order_by("-n", "matter__key"))
        enough = max(5, NOTICEABLE * sum(row["n"] for row in counts))
        kept = [row["matter__key"] for row in counts if row["n"] >= enough]
        cache.set("hall.asked_most", kept, 600)
    return kept


@dataclass(frozen=True)
class Figures:
    """Live figures: catalogue and the last 365 days of work."""

    services: int
    online_share: int
    finished: int
    on_time_share: int | None
    satisfied_share: int | None

    @property
    def online_text(self) -> str:
        """83%."""
        return f"{self.online_share}%"

    @property
    def on_time_text(self) -> str:
        """98%, empty while nothing was decided."""
        return "" if self.on_time_share is None else f"{self.on_time_share}%"

    @property
    def satisfied_text(self) -> str:
        """97%, empty while nobody has rated."""
        return "" if self.satisfied_share is None else f"{self.satisfied_share}%"


def figures(found: Sequence[Service], now: datetime) -> Figures:
    """Counts for the home page; those over cases are kept for five minutes."""
    applicable = [service for service in found if not service.guidance_only]
    online = sum(service.end_to_end for service in applicable)
    key = f"hall.figures.{timezone.localdate(now):%Y%m%d}"
    work = cache.get(key)
    if work is None:
        work = _work_figures(now)
        cache.set(key, work, 300)
    finished, in_time, rated, content = work
    return Figures(
        services=len(found),
        online_share=round(100 * online / len(applicable)) if applicable else 0,
        finished=finished,
        on_time_share=round(100 * in_time / finished) if finished else None,
        satisfied_share=round(100 * content / rated) if rated else None,
    )


def _work_figures(now: datetime) -> tuple[int, int, int, int]:
    decided = cases.Case.objects.filter(decided_at__gt=now - timedelta(days=365), decided_at__lte=now)
    finished = decided.count()
    late = decided.filter(clocks__kind=cases.ClockKind.PROMISED, clocks__elapsed_at__isnull=False).distinct().count()
    ratings = decided.filter(rating__isnull=False).aggregate(
        rated=Count("id"), content=Count("id", filter=Q(rating__code__lte=3))
    )
    return finished, finished - late, ratings["rated"], ratings["content"]


def bodies(kind: str, today: date) -> list[Organization]:
    """Departments or townships that exist today, in the county's order."""
    return list(Organization.objects.active(today).filter(kind=kind).order_by("path"))


def departments_with(found: Sequence[Service]) -> list[tuple[str, str, int]]:
    """(code, name, number of services) of every body that owns a service."""
    counts = Counter((service.department_code, service.department) for service in found)
    return [(code, name, n) for (code, name), n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def verify_any(code: str) -> Verification | fees.Verification:
    """By verification code of a paper or of a notice or receipt of fees, else by licence number. Raises `NotFound`."""
    for found in (cases.verify, fees.verify):
        with suppress(NotFound):
            return found(code)
    return cases.verify_licence(code)
