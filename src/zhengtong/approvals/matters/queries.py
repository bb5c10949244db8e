"""Reads of the catalogue: the guide for the public, lists, figures."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.search import public as search
from zhengtong.kernel.errors import NotFound

LICENCE = "01"


def guide_url(key: str) -> str:
    """Where the public reads the guide of a matter (drawn by the hall)."""
    return f"/services/{key}/"


def get_matter(key: str) -> Matter:
    """A matter with its current version and body. Raises `NotFound`."""
    matter = Matter.objects.select_related("current", "department").filter(key=key).first()
    if matter is None:
        raise NotFound(_("没有这个事项。请用搜索框换个说法找找。"))
    return matter


@dataclass(frozen=True)
class Guide:
    """What the public is told about a matter: its elements in force and who handles it; `shared_by`: code → name of bodies."""

    matter: Matter
    version: MatterVersion
    elements: MatterDocument
    department: Organization
    shared_by: dict[str, str]

    @property
    def online(self) -> bool:
        """True when it can be applied for on this platform."""
        return not self.elements.guidance_only

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.version.label


def guide(matter_key: str) -> Guide:
    """The guide of a matter in force; `shared_by`: code → name of the bodies that share data. Raises `NotFound`."""
    matter = get_matter(matter_key)
    if matter.current is None:
        raise NotFound(_("这个事项已停止办理。请用搜索框查找相关事项，或拨打12345咨询。"))
    elements = matter.current.elements
    codes = {material.shared_by for material in elements.materials if material.shared_by}
    bodies = Organization.objects.filter(code__in=codes | {s.department for s in elements.flat_steps() if s.department})
    return Guide(matter, matter.current, elements, matter.department, {body.code: body.label for body in bodies})


def in_force() -> QuerySet[Matter]:
    """Matters with a version in force, with it and their body; without the elements themselves."""
    return (
        Matter.objects.filter(current__isnull=False)
        .select_related("current", "department")
        .defer("current__document")
        .order_by("implementation_code")
    )


def by_audience(audience: str) -> QuerySet[Matter]:
    """Matters in force for an audience (1 自然人 … 6 其他组织)."""
    return in_force().filter(current__audiences__contains=audience)


def of_department(organization: Organization) -> QuerySet[Matter]:
    """Matters in force of one body."""
    return in_force().filter(department=organization)


def themes(*, audience: str) -> dict[str, list[Matter]]:
    """Matters in force by theme, themes with most matters first. `audience`: natural or legal."""
    found: dict[str, list[Matter]] = {}
    for matter in Matter.objects.filter(current__isnull=False).select_related("current"):
        assert matter.current is not None
        elements = matter.current.elements
        for theme in elements.themes_natural if audience == "natural" else elements.themes_legal:
            found.setdefault(theme, []).append(matter)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


@dataclass(frozen=True)
class Figures:
    """How far the catalogue is online: all items, those that can be applied for here, licences, licences end to end."""

    matters: int
    online: int
    licences: int
    licences_end_to_end: int
    waiting: int

    @staticmethod
    def _percent(part: int, whole: int) -> float:
        return round(100 * part / whole, 1) if whole else 0.0

    @property
    def online_percent(self) -> float:
        """Share of items that can be applied for online."""
        return self._percent(self.online, self.matters)

    @property
    def end_to_end_percent(self) -> float:
        """Share of licences handled end to end without a visit."""
        return self._percent(self.licences_end_to_end, self.licences)


def catalogue_figures() -> Figures:
    """The figures of the catalogue in force, and how many versions wait for approval; one query."""
    now = Q(state=MatterVersion.PUBLISHED)
    licence = now & Q(type_code=LICENCE)
    return Figures(
        **MatterVersion.objects.aggregate(
            matters=Count("pk", filter=now),
            online=Count("pk", filter=now & Q(guidance_only=False)),
            licences=Count("pk", filter=licence),
            licences_end_to_end=Count("pk", filter=licence & Q(online_end_to_end=True, guidance_only=False)),
            waiting=Count("pk", filter=Q(state=MatterVersion.SUBMITTED)),
        )
    )


# --- for the catalogue's own pages --------------------------------------------------------------------------------------

STANDINGS = {
    "in_force": gettext_lazy("现行有效"),
    "draft": gettext_lazy("正在修改"),
    "submitted": gettext_lazy("待审核"),
    "retired": gettext_lazy("已停用"),
    "new": gettext_lazy("尚未发布"),
}


def listed(*, text: str = "", department: str = "", type_code: str = "", standing: str = "") -> QuerySet[Matter]:
    """Matters for the catalogue list, with the name of their newest version (`title`) and what is open (`open_state`, `open_id`)."""
    newest = MatterVersion.objects.filter(matter=OuterRef("pk")).order_by("-number")
    open_one = newest.filter(state__in=MatterVersion.OPEN)
    rows = (
        Matter.objects.select_related("current", "department")
        .defer("current__document")
        .annotate(
            title=Subquery(newest.values("name")[:1]),
            newest_type=Subquery(newest.values("type_code")[:1]),
            newest_state=Subquery(newest.values("state")[:1]),
            open_state=Subquery(open_one.values("state")[:1]),
            open_id=Subquery(open_one.values("pk")[:1]),
        )
        .order_by("department__path", "implementation_code")
    )
    if text:
        plain = Q(title__icontains=text) | Q(key__icontains=text) | Q(implementation_code__contains=text)
        found = [hit.object_id for hit in search.find(text, kinds=["matter"], limit=50).hits]
        rows = rows.filter(plain | Q(key__in=found))
    if department:
        rows = rows.filter(department__code=department)
    if type_code:
        rows = rows.filter(newest_type=type_code)
    return rows.filter(_standing(standing)) if standing in STANDINGS else rows


def _standing(standing: str) -> Q:
    return {
        "in_force": Q(current__isnull=False),
        "draft": Q(open_state__in=(MatterVersion.DRAFT, MatterVersion.RETURNED)),
        "submitted": Q(open_state=MatterVersion.SUBMITTED),
        "retired": Q(current__isnull=True, newest_state=MatterVersion.RETIRED),
        "new": Q(current__isnull=True) & ~Q(newest_state=MatterVersion.RETIRED),
    }[standing]


def facets(rows: Any) -> dict[str, list[tuple[str, int]]]:
    """How many of `rows` per department and per type: (value, count), largest first."""
    plain = rows.order_by()
    departments = plain.values_list("department__code").annotate(n=Count("pk")).order_by("-n")
    types = plain.values_list("newest_type").annotate(n=Count("pk")).order_by("-n")
    return {"department": list(departments), "type_code": list(types)}


def get_version(version_id: int) -> MatterVersion:
    """A version with its matter and body. Raises `NotFound`."""
    found = (
        MatterVersion.objects.select_related("matter__department", "matter__current", "edited_by", "decided_by")
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("没有这个事项版本，可能已被作废。"))
    return found


def waiting_for_approval() -> QuerySet[MatterVersion]:
    """Versions handed to the county office, oldest first."""
    rows = MatterVersion.objects.filter(state=MatterVersion.SUBMITTED).select_related("matter__department", "edited_by")
    return rows.defer("document").order_by("submitted_at")
