"""What happens to the catalogue."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.public import Event


@dataclass(frozen=True, kw_only=True)
class MatterEvent(Event):
    """Something happened to a version of a matter."""

    label: ClassVar[Any] = _("事项变动")

    subject_kind: ClassVar[str] = "matter"
    subject_field: ClassVar[str] = "matter_id"

    matter_id: int
    version_id: int
    key: str
    number: int


@dataclass(frozen=True, kw_only=True)
class MatterDrafted(MatterEvent):
    """A new version was begun; `reason` says why the matter changes."""

    label: ClassVar[Any] = _("起草事项版本")

    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class MatterEdited(MatterEvent):
    """The elements of a draft were changed."""

    label: ClassVar[Any] = _("编辑事项")


@dataclass(frozen=True, kw_only=True)
class MatterSubmitted(MatterEvent):
    """A draft was handed to the county office for approval."""

    label: ClassVar[Any] = _("送审事项")


@dataclass(frozen=True, kw_only=True)
class MatterReturned(MatterEvent):
    """The county office sent a version back, with the reason."""

    label: ClassVar[Any] = _("退回事项")

    reason: str


@dataclass(frozen=True, kw_only=True)
class MatterPublished(MatterEvent):
    """A version came into force: guides, search and new applications use it. Cases under way keep theirs.

    `approved_by_other`: False only for what the system itself loads.
    """

    label: ClassVar[Any] = _("发布事项")

    approved_by_other: bool = True


@dataclass(frozen=True, kw_only=True)
class MatterRetired(MatterEvent):
    """The matter is no longer handled; cases under way are finished by their version."""

    label: ClassVar[Any] = _("停办事项")

    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class MatterDraftDiscarded(MatterEvent):
    """A version that was never published was thrown away."""

    label: ClassVar[Any] = _("删除事项草稿")


@dataclass(frozen=True, kw_only=True)
class MattersImported(Event):
    """A file was imported: `drafts` versions were begun or changed, `skipped` matters with problems were left out."""

    subject_kind: ClassVar[str] = "matter_import"
    subject_field: ClassVar[str] = "import_id"

    import_id: int
    drafts: int
    skipped: int
