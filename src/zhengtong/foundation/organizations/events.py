"""Facts about bodies, posts and who holds them."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class _AboutOrganization(Event):
    """What every fact about a body carries."""

    label: ClassVar[Any] = _("机构变动")

    subject_kind: ClassVar[str] = "organization"
    subject_field: ClassVar[str] = "organization_id"

    organization_id: int


@dataclass(frozen=True, kw_only=True)
class OrganizationEstablished(_AboutOrganization):
    """A body was set up."""

    label: ClassVar[Any] = _("设立机构")

    code: str
    organization_name: str


@dataclass(frozen=True, kw_only=True)
class OrganizationRenamed(_AboutOrganization):
    """A body has a new name; the old one is kept as an alias."""

    label: ClassVar[Any] = _("机构更名")

    old_name: str
    new_name: str
    document: str = ""


@dataclass(frozen=True, kw_only=True)
class OrganizationDescribed(_AboutOrganization):
    """Telephone, address, short or English name of a body changed; `changed` names the fields."""

    label: ClassVar[Any] = _("变更机构信息")

    changed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OrganizationMoved(_AboutOrganization):
    """A body, with everything below it, has another superior."""

    label: ClassVar[Any] = _("调整隶属")

    old_parent_id: int | None
    new_parent_id: int | None


@dataclass(frozen=True, kw_only=True)
class OrganizationDissolved(_AboutOrganization):
    """A body ceased to exist on `on` (ISO date); `successor_ids` took over its duties."""

    label: ClassVar[Any] = _("撤销机构")

    kind: str
    on: str
    successor_ids: tuple[int, ...] = ()
    document: str = ""


@dataclass(frozen=True, kw_only=True)
class AliasAdded(_AboutOrganization):
    """A name by which people know a body was recorded."""

    label: ClassVar[Any] = _("登记曾用名")

    alias: str


@dataclass(frozen=True, kw_only=True)
class PostCreated(_AboutOrganization):
    """A body has a new post."""

    label: ClassVar[Any] = _("设立岗位")

    post_id: int
    post_name: str


@dataclass(frozen=True, kw_only=True)
class OfficialAppointed(_AboutOrganization):
    """An official belongs to a body, in a post or without one."""

    label: ClassVar[Any] = _("任职")

    membership_id: int
    user_id: int
    post_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class MembershipEnded(_AboutOrganization):
    """An official left a body; `until` is the last day (ISO date)."""

    label: ClassVar[Any] = _("结束任职")

    membership_id: int
    user_id: int
    until: str
