"""Reads: the tree, names of today and of the past, who belongs where."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from zhengtong.foundation.organizations.models import (
    Alias,
    Membership,
    Organization,
    OrganizationQuerySet,
    Post,
    Succession,
)
from zhengtong.kernel.errors import NotFound


def get_by_code(code: str) -> Organization:
    """The body with this code. Raises `NotFound`."""
    found = Organization.objects.filter(code=code).first()
    if found is None:
        raise NotFound(_("没有代码为“{code}”的机构，请核对。").format(code=code))
    return found


def get(organization_id: int) -> Organization:
    """The body with this id. Raises `NotFound`."""
    found = Organization.objects.filter(pk=organization_id).select_related("parent").first()
    if found is None:
        raise NotFound(_("没有找到这个机构，它可能已经合并。请从机构列表中查找。"))
    return found


def county() -> Organization:
    """The county government, root of the tree. Raises `NotFound` before the county is loaded."""
    found = Organization.objects.filter(kind=Organization.COUNTY, parent__isnull=True).order_by("pk").first()
    if found is None:
        raise NotFound(_("还没有建立县级政府，请先导入机构。"))
    return found


def subtree(organization: Organization) -> OrganizationQuerySet:
    """The body and everything below it."""
    return Organization.objects.filter(path__startswith=organization.path)


def ancestors(organization: Organization) -> list[Organization]:
    """The bodies above, root first."""
    ids = [int(part) for part in organization.path.strip("/").split("/")[:-1]]
    found = Organization.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def overlapping(memberships: QuerySet[Membership], first: date, last: date | None) -> QuerySet[Membership]:
    """Those memberships that share a day with first … last (None: without end)."""
    begun = Q() if last is None else Q(valid_from__lte=last)
    return memberships.filter(begun).filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first))


def in_force(memberships: QuerySet[Membership], on: date) -> QuerySet[Membership]:
    """Those memberships that hold on `on`."""
    return overlapping(memberships, on, on)


def members_of(organization: Organization, *, on: date, include_subtree: bool = False) -> QuerySet[Membership]:
    """Memberships in force on `on`, heads first, with user and post."""
    rows = Membership.objects.select_related("user", "post", "organization")
    if include_subtree:
        rows = rows.filter(organization__path__startswith=organization.path)
    else:
        rows = rows.filter(organization=organization)
    heads_first, by_post = F("post__is_head").desc(nulls_last=True), F("post__name").asc(nulls_last=True)
    return in_force(rows, on).order_by("organization__path", heads_first, by_post, "user__display_name")


def organizations_of(user: Any, *, on: date) -> list[Organization]:
    """The bodies `user` belongs to on `on`."""
    ids = in_force(Membership.objects.filter(user=user), on).values("organization_id")
    return list(Organization.objects.filter(pk__in=ids))


def successor_of(organization: Organization, *, on: date | None = None) -> Organization:
    """Who answers for a body today: the end of the chain of mergers (after a split the first heir); itself if alive."""
    links = Succession.objects.exclude(kind="renamed").order_by("effective_on", "pk")
    if on is not None:
        links = links.filter(effective_on__lte=on)
    current, seen = organization, {organization.pk}
    while True:
        link = links.filter(predecessor=current).select_related("successor").first()
        if link is None or link.successor_id in seen:
            return current
        current = link.successor
        seen.add(current.pk)


def find_by_name(name: str) -> Organization | None:
    """The body called so, now or formerly, with or without the county in front (国土局 = 县国土局 = 双峰县国土局).

    A body that still exists is preferred. None when nobody is called so; `listed` finds abbreviations too.
    """
    text = name.strip()
    if not text:
        return None
    spellings = {text, text.removeprefix("县"), f"县{text.removeprefix('县')}"}
    named = Organization.objects.filter(Q(name__in=spellings) | Q(short_name__in=spellings) | Q(name_en__iexact=text))
    alias = Organization.objects.filter(aliases__name__in=spellings)
    alive = Q(dissolved_on__isnull=True)
    for rows in (named.filter(alive), alias.filter(alive), named, alias):
        found = rows.order_by("path").first()
        if found is not None:
            return found
    return None


def matching(text: str) -> OrganizationQuerySet:
    """Bodies whose name, short, English or former name, or code contains every word of `text`; all when it is empty."""
    rows = Organization.objects.all()
    for word in text.split():
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(short_name__icontains=word)
            | Q(name_en__icontains=word)
            | Q(code__icontains=word)
            | Q(aliases__name__icontains=word)
        )
    return rows.distinct()


def listed(text: str, *, dissolved: bool, on: date) -> OrganizationQuerySet:
    """Bodies for a list, alive or dissolved, found by words or, failing that, by abbreviation (工商局 = 工商行政管理局)."""
    state = Organization.objects.exclude(pk__in=Organization.objects.active(on).values("pk"))
    pool = state if dissolved else Organization.objects.active(on)
    rows = pool.filter(pk__in=matching(text).values("pk"))
    if text and not rows.exists():
        rows = pool.filter(pk__in=_abbreviated(text))
    return rows.select_related("parent").prefetch_related("aliases")


def _abbreviated(text: str) -> list[int]:
    """Ids of bodies in one of whose names the characters of `text` stand in order."""
    names = list(Organization.objects.values_list("pk", "name")) + list(
        Alias.objects.values_list("organization_id", "name")
    )
    return [pk for pk, name in names if _stands_in_order(text, name)]


def _stands_in_order(text: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in text)


@dataclass(frozen=True)
class Branch:
    """A body in the tree with the bodies directly below it."""

    organization: Organization
    children: "tuple[Branch, ...]"


def tree(*, on: date, kinds: tuple[str, ...] = ()) -> tuple[Branch, ...]:
    """The bodies alive on `on` as a tree, in two queries at most however many there are."""
    rows = Organization.objects.active(on).prefetch_related("aliases")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    below: dict[int | None, list[Organization]] = {}
    alive = {row.pk: row for row in rows.order_by("path")}
    for row in alive.values():
        below.setdefault(row.parent_id if row.parent_id in alive else None, []).append(row)
    return _branches(None, below)


def _branches(parent_id: int | None, below: dict[int | None, list[Organization]]) -> tuple[Branch, ...]:
    order = {kind: place for place, (kind, _label) in enumerate(Organization.KINDS)}
    rows = sorted(below.get(parent_id, ()), key=lambda row: (order.get(row.kind, 99), row.pk))
    return tuple(Branch(row, _branches(row.pk, below)) for row in rows)


@dataclass(frozen=True)
class Group:
    """The bodies of one kind directly below the county, for the tree page."""

    label: str
    branches: tuple[Branch, ...]


def grouped(*, on: date) -> list[Group]:
    """The tree by kinds: the county itself first, then departments, townships … with what lies below each."""
    roots = tree(on=on)
    second = [branch for root in roots for branch in root.children]
    groups = [Group(_("县级政府"), tuple(Branch(root.organization, ()) for root in roots))] if roots else []
    for kind, label in Organization.KINDS:
        branches = tuple(branch for branch in second if branch.organization.kind == kind)
        if branches:
            groups.append(Group(str(label), branches))
    return groups


@dataclass(frozen=True)
class Sheet:
    """What the page of a body shows beside its own fields."""

    ancestors: list[Organization]
    children: list[Organization]
    aliases: list[Alias]
    members: list[Membership]
    posts: list[Post]
    came_from: list[Succession]
    went_to: list[Succession]
    answers_now: Organization


def sheet_of(organization: Organization, *, on: date) -> Sheet:
    """Everything known about a body, in a fixed number of queries."""
    return Sheet(
        ancestors=ancestors(organization),
        children=list(organization.children.active(on)),
        aliases=list(organization.aliases.order_by(F("valid_until").desc(nulls_first=True), "name")),
        members=list(members_of(organization, on=on)),
        posts=list(organization.posts.order_by("-is_head", "name")),
        came_from=list(organization.precursors.select_related("predecessor").order_by("-effective_on")),
        went_to=list(organization.successions.select_related("successor").order_by("effective_on")),
        answers_now=successor_of(organization, on=on),
    )


def get_membership(organization: Organization, membership_id: int) -> Membership:
    """One membership of this body. Raises `NotFound`."""
    found = Membership.objects.filter(pk=membership_id, organization=organization).select_related("user").first()
    if found is None:
        raise NotFound(_("没有找到这条任职记录，请从机构页面进入。"))
    return found
