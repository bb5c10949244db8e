"""Set up, rename, move, merge and dissolve bodies; give posts to officials and take them back."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations import queries
from zhengtong.foundation.organizations.events import (
    AliasAdded,
    MembershipEnded,
    OfficialAppointed,
    OrganizationDescribed,
    OrganizationDissolved,
    OrganizationEstablished,
    OrganizationMoved,
    OrganizationRenamed,
    PostCreated,
)
from zhengtong.foundation.organizations.models import Alias, Membership, Organization, Post, Succession
from zhengtong.kernel.errors import Invalid, Refusal
from zhengtong.kernel.identifiers import division, uscc


class CannotChangeOrganization(Refusal):
    """The body is dissolved, or the change would tear the tree."""


class CannotDissolve(Refusal):
    """Something still hangs on the body."""


class CannotAppoint(Refusal):
    """The person or the post does not fit."""


_DESCRIPTIVE = (
    "short_name",
    "name_en",
    "phone",
    "address",
    "division_code",
    "tags",
    "item_code_serial",
    "name_checked",
)


@transaction.atomic
def establish(
    *,
    code: str,
    name: str,
    kind: str,
    parent: Organization | None = None,
    by: int | None,
    at: datetime,
    short_name: str = "",
    name_en: str = "",
    division_code: str = "",
    item_code_serial: str = "",
    uscc: str | None = None,
    uscc_synthetic: bool = False,
    name_checked: bool = False,
    tags: Iterable[str] = (),
    phone: str = "",
    address: str = "",
    established_on: date | None = None,
    aliases: Iterable[str] = (),
) -> Organization:
    """Set up a body below `parent`, with the names people know it by.

    Raises `Invalid` with `fields` (code or name taken or empty, unknown kind, wrong division or credit code) and
    `CannotChangeOrganization` when the superior body is dissolved.
    """
    problems = _problems(code=code.strip(), name=name.strip(), kind=kind, division_code=division_code, uscc=uscc)
    if problems:
        raise Invalid(_("请改正标出的各项后再保存。"), fields=problems)
    if parent is not None:
        _demand_active(parent, _on(at))
    organization = Organization.objects.create(
        code=code.strip(),
        name=name.strip(),
        kind=kind,
        parent=parent,
        short_name=short_name.strip(),
        name_en=name_en.strip(),
        division_code=division_code,
        item_code_serial=item_code_serial,
        uscc=uscc or None,
        uscc_synthetic=uscc_synthetic,
        name_checked=name_checked,
        tags=list(tags),
        phone=phone,
        address=address,
        established_on=established_on,
    )
    organization.path = f"{parent.path if parent else '/'}{organization.pk}/"
    organization.save(update_fields=["path"])
    _keep_aliases(organization, aliases)
    fact = OrganizationEstablished(
        organization_id=organization.pk, code=organization.code, organization_name=organization.name, actor_id=by
    )
    events.publish(fact, at=at)
    return organization


def _problems(*, code: str, name: str, kind: str, division_code: str, uscc: str | None) -> dict[str, object]:
    problems: dict[str, object] = {}
    if not code or not all(c.isascii() and (c.isalnum() or c in "-_") for c in code):
        problems["code"] = _("代码只能用字母、数字和短横线，例如 market-regulation。")
    elif Organization.objects.filter(code=code).exists():
        problems["code"] = _("代码“{code}”已经有机构使用，请换一个。").format(code=code)
    if not name:
        problems["name"] = _("请填写机构名称。")
    if kind not in dict(Organization.KINDS):
        problems["kind"] = _("请选择机构类别。")
    return {**problems, **_code_problems(division_code, uscc)}


def _code_problems(division_code: str, credit_code: str | None) -> dict[str, object]:
    problems: dict[str, object] = {}
    found = division.check(division_code) if division_code else None
    if found and not found.ok:
        problems["division_code"] = found.errors[0]
    if credit_code:
        body = uscc.check(credit_code)
        if not body.ok:
            problems["uscc"] = body.errors[0]
        elif Organization.objects.filter(uscc=credit_code).exists():
            problems["uscc"] = _("这个统一社会信用代码已经登记在另一机构名下，请核对。")
    return problems


def _on(at: datetime) -> date:
    return timezone.localdate(at)


def _demand_active(organization: Organization, on: date) -> None:
    if organization.is_active(on):
        return
    text = _("“{name}”已于{day}撤销，不能再变动。请改选承接其职责的机构。")
    raise CannotChangeOrganization(text.format(name=organization.label, day=organization.dissolved_on))


def _locked(organization: Organization) -> Organization:
    return Organization.objects.select_for_update().get(pk=organization.pk)


def _keep_aliases(organization: Organization, names: Iterable[str], until: date | None = None) -> None:
    known = {organization.name, *organization.aliases.values_list("name", flat=True)}
    wanted = dict.fromkeys(name.strip() for name in names)
    rows = [Alias(organization=organization, name=n, valid_until=until) for n in wanted if n and n not in known]
    Alias.objects.bulk_create(rows)


@transaction.atomic
def describe(*, organization: Organization, by: int | None, at: datetime, **changes: Any) -> Organization:
    """Change what describes a body (short and English name, telephone, address, division code, tags, serial).

    Raises `Invalid` for a wrong division code, `CannotChangeOrganization` for a dissolved body.
    """
    unknown = set(changes) - set(_DESCRIPTIVE)
    if unknown:
        raise TypeError(f"not descriptive: {', '.join(sorted(unknown))}")
    row = _locked(organization)
    _demand_active(row, _on(at))
    problems = _code_problems(changes.get("division_code", ""), None)
    if problems:
        raise Invalid(_("请改正标出的各项后再保存。"), fields=problems)
    changed = tuple(sorted(field for field, value in changes.items() if getattr(row, field) != value))
    if not changed:
        return row
    for field in changed:
        setattr(row, field, changes[field])
    row.save(update_fields=changed)
    events.publish(OrganizationDescribed(organization_id=row.pk, changed=changed, actor_id=by), at=at)
    return row


@transaction.atomic
def rename(
    *,
    organization: Organization,
    name: str,
    on: date,
    by: int | None,
    at: datetime,
    short_name: str | None = None,
    name_en: str | None = None,
    document: str = "",
) -> Organization:
    """Give a body a new name from `on`; the old names stay as aliases, so that people still find it.

    Raises `Invalid` for an empty or unchanged name, `CannotChangeOrganization` for a dissolved body.
    """
    row, new_name = _locked(organization), name.strip()
    _demand_active(row, on)
    if not new_name or new_name == row.name:
        raise Invalid(_("请填写与现名不同的新名称。"), fields={"name": _("请填写与现名不同的新名称。")})
    old_name, old_short = row.name, row.short_name
    row.name = new_name
    row.short_name = row.short_name if short_name is None else short_name.strip()
    row.name_en = row.name_en if name_en is None else name_en.strip()
    row.save(update_fields=["name", "short_name", "name_en"])
    row.aliases.filter(name=new_name).delete()
    _keep_aliases(row, [old_name] + ([old_short] if old_short != row.short_name else []), until=on)
    fact = OrganizationRenamed(
        organization_id=row.pk, old_name=old_name, new_name=new_name, document=document.strip(), actor_id=by
    )
    events.publish(fact, at=at)
    return row


@transaction.atomic
def move(*, organization: Organization, parent: Organization | None, by: int | None, at: datetime) -> Organization:
    """Put a body, with everything below it, under another superior; the paths of the whole subtree are rewritten.

    Raises `CannotChangeOrganization` when the new superior lies inside the subtree or either is dissolved.
    """
    row = _locked(organization)
    _demand_active(row, _on(at))
    above = _locked(parent) if parent else None
    if above is not None:
        _demand_active(above, _on(at))
        if above.path.startswith(row.path):
            raise CannotChangeOrganization(_("不能把机构移到它自己或它的下级之下，请另选上级机构。"))
    old_path, old_parent_id = row.path, row.parent_id
    new_path = f"{above.path if above else '/'}{row.pk}/"
    Organization.objects.filter(pk=row.pk).update(parent=above)
    _rewrite_paths(old_path, new_path)
    row.refresh_from_db()
    fact = OrganizationMoved(
        organization_id=row.pk, old_parent_id=old_parent_id, new_parent_id=row.parent_id, actor_id=by
    )
    events.publish(fact, at=at)
    return row


def _rewrite_paths(old: str, new: str) -> None:
    subtree = Organization.objects.filter(path__startswith=old)
    subtree.update(path=Concat(Value(new), Substr("path", len(old) + 1)))


@transaction.atomic
def merge(
    *,
    predecessors: Sequence[Organization],
    successor: Organization,
    on: date,
    by: int | None,
    at: datetime,
    document: str = "",
) -> Organization:
    """Merge bodies into `successor`, which keeps their names as aliases. Refusals as `dissolve`."""
    for predecessor in predecessors:
        dissolve(
            organization=predecessor, successors=[successor], kind="merged", on=on, document=document, by=by, at=at
        )
    return successor


@transaction.atomic
def dissolve(
    *,
    organization: Organization,
    successors: Sequence[Organization],
    on: date,
    by: int | None,
    at: datetime,
    kind: str = "transferred",
    document: str = "",
) -> Organization:
    """Close a body on `on` (its first day of non-existence) and record who takes over; memberships end the day before.

    Raises `CannotDissolve` when it is already closed, has open bodies below it, has no successor, or would succeed
    itself: somebody must answer for what the body owed (行政许可法 did not end with it).
    """
    row = _locked(organization)
    heirs = [_locked(successor) for successor in successors]
    _check_dissolution(row, heirs, on)
    row.dissolved_on = on
    row.save(update_fields=["dissolved_on"])
    for heir in heirs:
        Succession.objects.create(
            predecessor=row, successor=heir, kind=kind, effective_on=on, document=document.strip()
        )
        names = [row.name, row.short_name, *row.aliases.values_list("name", flat=True)]
        _keep_aliases(heir, names, until=on)
    _end_memberships(row, on, by=by, at=at)
    fact = OrganizationDissolved(
        organization_id=row.pk,
        kind=kind,
        on=on.isoformat(),
        successor_ids=tuple(heir.pk for heir in heirs),
        document=document.strip(),
        actor_id=by,
    )
    events.publish(fact, at=at)
    return row


def _check_dissolution(row: Organization, heirs: Sequence[Organization], on: date) -> None:
    if row.dissolved_on is not None:
        raise CannotDissolve(_("“{name}”已经撤销过了，没有变动。").format(name=row.label))
    if not heirs:
        raise CannotDissolve(_("请选择承接职责的机构：撤销机构必须有单位接续在办的事项。"))
    for heir in heirs:
        if heir.path.startswith(row.path):
            raise CannotDissolve(_("承接机构不能是被撤销的机构本身或它的下级，请另选。"))
        _demand_active(heir, on)
    below = queries.subtree(row).exclude(pk=row.pk).active(on).first()
    if below is not None:
        text = _("“{name}”下面还有“{below}”等机构，请先把下级机构移到别处或一并撤销。")
        raise CannotDissolve(text.format(name=row.label, below=below.label))


def _end_memberships(row: Organization, on: date, *, by: int | None, at: datetime) -> None:
    still_there = Q(valid_until__isnull=True) | Q(valid_until__gte=on)
    for membership in row.memberships.filter(still_there):
        last_day = max(membership.valid_from, on - timedelta(days=1))
        end_membership(membership=membership, until=last_day, by=by, at=at)


@transaction.atomic
def add_alias(
    *, organization: Organization, name: str, by: int | None, at: datetime, valid_until: date | None = None
) -> None:
    """Record a name by which people know a body. Recording it twice changes nothing. Raises `Invalid` when empty."""
    text = name.strip()
    if not text:
        raise Invalid(_("请填写曾用名或俗称。"), fields={"name": _("请填写曾用名或俗称。")})
    if text == organization.name or organization.aliases.filter(name=text).exists():
        return
    Alias.objects.create(organization=organization, name=text, valid_until=valid_until)
    events.publish(AliasAdded(organization_id=organization.pk, alias=text, actor_id=by), at=at)


@transaction.atomic
def create_post(
    *, organization: Organization, name: str, by: int | None, at: datetime, name_en: str = "", is_head: bool = False
) -> Post:
    """Add a post to a body. Raises `Invalid` when the name is empty or the body has such a post already."""
    text = name.strip()
    _demand_active(organization, _on(at))
    if not text:
        raise Invalid(_("请填写岗位名称。"), fields={"name": _("请填写岗位名称。")})
    if organization.posts.filter(name=text).exists():
        problem = _("这个机构已经有“{name}”岗位了。").format(name=text)
        raise Invalid(problem, fields={"name": problem})
    post = Post.objects.create(organization=organization, name=text, name_en=name_en.strip(), is_head=is_head)
    events.publish(PostCreated(organization_id=organization.pk, post_id=post.pk, post_name=text, actor_id=by), at=at)
    return post


@transaction.atomic
def appoint(
    *,
    user: Any,
    organization: Organization,
    by: int | None,
    at: datetime,
    valid_from: date,
    valid_until: date | None = None,
    post: Post | None = None,
) -> Membership:
    """Make an official a member of a body, in a post or without one, for a time.

    Raises `CannotAppoint` for residents, for a post of another body and for the same appointment twice;
    `Invalid` for dates in the wrong order; `CannotChangeOrganization` for a dissolved body.
    """
    _demand_active(organization, valid_from)
    if not getattr(user, "is_official", False):
        raise CannotAppoint(_("居民账号不能任职，请先建立工作人员账号。"))
    if post is not None and post.organization_id != organization.pk:
        raise CannotAppoint(_("这个岗位不属于所选机构，请重新选择。"))
    if valid_until is not None and valid_until < valid_from:
        problem = _("任职截止日期早于开始日期，请改正。")
        raise Invalid(problem, fields={"valid_until": problem})
    same = Membership.objects.filter(user=user, organization=organization, post=post)
    if queries.overlapping(same, valid_from, valid_until).exists():
        raise CannotAppoint(_("此人在这段时间里已经担任该职务，没有重复登记。"))
    membership = Membership.objects.create(
        user=user, organization=organization, post=post, valid_from=valid_from, valid_until=valid_until
    )
    fact = OfficialAppointed(
        organization_id=organization.pk,
        membership_id=membership.pk,
        user_id=user.pk,
        post_id=post.pk if post else None,
        actor_id=by,
    )
    events.publish(fact, at=at)
    return membership


@transaction.atomic
def end_membership(*, membership: Membership, until: date, by: int | None, at: datetime) -> None:
    """End a membership with the day `until`; the row stays for history. Raises `Invalid` before its first day."""
    if until < membership.valid_from:
        problem = _("任职截止日期早于开始日期，请改正。")
        raise Invalid(problem, fields={"valid_until": problem})
    membership.valid_until = until
    membership.save(update_fields=["valid_until"])
    fact = MembershipEnded(
        organization_id=membership.organization_id,
        membership_id=membership.pk,
        user_id=membership.user_id,
        until=until.isoformat(),
        actor_id=by,
    )
    events.publish(fact, at=at)
