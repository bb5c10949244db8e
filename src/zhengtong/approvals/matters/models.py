"""The catalogue: a matter, its versions, and the decisions on its changes."""

import json
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.matters.refusals import CannotChangePublished
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.columns import CompactJSONField

MOST_KEPT = 1024
_kept: dict[str, MatterDocument] = {}


class Matter(models.Model):
    """A matter as it lives through its versions. `current` is the published one, None before the first and after retirement."""

    key = models.SlugField(_("键"), max_length=80, unique=True)
    department = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="matters", verbose_name=_("实施主体")
    )
    implementation_code = models.CharField(_("实施编码"), max_length=31, unique=True)
    current = models.ForeignKey(
        "MatterVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("现行版本")
    )

    class Meta:
        verbose_name = _("事项")
        ordering = ["implementation_code"]

    def __str__(self) -> str:
        return self.key


class MatterVersionQuerySet(models.QuerySet["MatterVersion"]):
    """Reads and the few bulk writes; what was published is out of their reach."""

    def update(self, **changes: Any) -> int:
        """As usual, except that nothing but the end of its validity may change on a published version."""
        if changes.keys() - MatterVersion.MAY_STILL_CHANGE:
            self._refuse_frozen()
        return super().update(**changes)

    def delete(self) -> tuple[int, dict[str, int]]:
        """As usual, except for published versions: cases rest on them."""
        self._refuse_frozen()
        return super().delete()

    def _refuse_frozen(self) -> None:
        if self.filter(state__in=MatterVersion.FROZEN).exists():
            raise CannotChangePublished()


class MatterVersion(models.Model):
    """One version of the elements. The columns repeat what lists and searches ask for; `document` is the whole, and the truth."""

    DRAFT, SUBMITTED, RETURNED, PUBLISHED, RETIRED = "draft", "submitted", "returned", "published", "retired"
    STATES = [
        (DRAFT, _("草稿")),
        (SUBMITTED, _("待审核")),
        (RETURNED, _("已退回")),
        (PUBLISHED, _("已发布")),
        (RETIRED, _("已停用")),
    ]
    OPEN = (DRAFT, SUBMITTED, RETURNED)
    FROZEN = (PUBLISHED, RETIRED)
    MAY_STILL_CHANGE = frozenset({"state", "retired_at"})

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("版本号"))
    state = models.CharField(_("状态"), max_length=10, choices=STATES, default=DRAFT)
    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=300, blank=True)
    type_code = models.CharField(_("事项类型"), max_length=2)
    level = models.CharField(_("行使层级"), max_length=1)
    handling_type = models.CharField(_("办件类型"), max_length=1)
    audiences = models.CharField(_("服务对象"), max_length=20)
    promised_workdays = models.PositiveSmallIntegerField(_("承诺时限"))
    statutory_workdays = models.PositiveSmallIntegerField(_("法定时限"), null=True, blank=True)
    online_end_to_end = models.BooleanField(_("全程网办"), default=False)
    guidance_only = models.BooleanField(_("仅提供指南"), default=False)
    township_acceptance = models.BooleanField(_("乡镇可受理"), default=False)
    document = CompactJSONField(_("要素"))
    digest = models.CharField(_("要素摘要"), max_length=64, blank=True)
    change_reason = models.CharField(_("变更说明"), max_length=300, blank=True)
    return_reason = models.CharField(_("退回原因"), max_length=300, blank=True)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    revision = models.PositiveIntegerField(_("修改次数"), default=0)
    created_at = models.DateTimeField(_("建立时间"))
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    retired_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    objects = MatterVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("事项版本")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["matter", "number"], name="matter_version_once"),
            models.UniqueConstraint(fields=["matter"], condition=Q(state="published"), name="matter_one_published"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("edited_by")), name="matter_four_eyes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuses to write over a published version: in-flight cases and past decisions rest on its elements."""
        changed = kwargs.get("update_fields")
        if getattr(self, "_read_as", "") in self.FROZEN and (changed is None or set(changed) - self.MAY_STILL_CHANGE):
            raise CannotChangePublished()
        super().save(*args, **kwargs)
        self._read_as = self.state

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuses to remove a published version."""
        if getattr(self, "_read_as", "") in self.FROZEN:
            raise CannotChangePublished()
        return super().delete(*args, **kwargs)

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> "MatterVersion":
        """Remember in which state the row was read, for the guard in `save`."""
        row = super().from_db(*args, **kwargs)
        row._read_as = row.__dict__.get("state", "")
        return row

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if (translation.get_language() or "").startswith("en") and self.name_en:
            return self.name_en
        return self.name

    @property
    def elements(self) -> MatterDocument:
        """The typed document. It is kept in memory by its digest: the same content is read once, whatever row it stands in."""
        kept = _kept.get(self.digest)
        if kept is None:
            kept = MatterDocument.model_validate(self.document)
            if self.digest:
                if len(_kept) >= MOST_KEPT:
                    _kept.pop(next(iter(_kept)), None)
                _kept[self.digest] = kept
        return kept

    def put(self, document: MatterDocument) -> None:
        """Take over a document: the elements, their digest and the columns they imply."""
        self.document = document.model_dump(mode="json", exclude_defaults=True)
        self.digest = sha256(json.dumps(self.document, sort_keys=True).encode()).hexdigest()
        for name, value in self.columns_from(document).items():
            setattr(self, name, value)

    def columns_from(self, document: MatterDocument) -> dict[str, Any]:
        """The repeated columns a document implies."""
        return {
            "name": document.name,
            "name_en": document.name_en,
            "type_code": document.type_code,
            "level": document.level,
            "handling_type": document.handling_type,
            "audiences": ",".join(document.audiences),
            "promised_workdays": document.promised_workdays,
            "statutory_workdays": document.statutory_limit.days,
            "online_end_to_end": document.online.end_to_end,
            "guidance_only": document.guidance_only,
            "township_acceptance": document.township_acceptance,
        }


class MatterImport(models.Model):
    """A file that was read and waits for its owner's yes: what it would do is shown first, nothing is changed by reading it."""

    name = models.CharField(_("文件名"), max_length=120)
    documents = CompactJSONField(_("可导入的事项"))
    problems = CompactJSONField(_("问题"))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    uploaded_at = models.DateTimeField(_("上传时间"))
    done_at = models.DateTimeField(_("导入时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("事项导入")

    def __str__(self) -> str:
        return self.name


_digests: dict[int, str] = {}


def published_elements(version_id: int) -> MatterDocument:
    """The elements of a published version by its id, usually without a query: neither it nor its id ever changes.

    Inside a transaction the id is looked up and not remembered: a rollback may give the same id to another version.
    """
    digest = _digests.get(version_id)
    if digest is None or digest not in _kept:
        version = MatterVersion.objects.only("digest", "state").get(pk=version_id)
        elements = version.elements
        if version.digest and version.state in MatterVersion.FROZEN and not connection.in_atomic_block:
            _digests[version_id] = version.digest
        return elements
    return _kept[digest]
