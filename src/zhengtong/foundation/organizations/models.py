"""Organisations, the posts in them and who holds a post; names and bodies of the past are kept."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Bodies."""

    def active(self, on: date) -> "OrganizationQuerySet":
        """Those that exist on `on`."""
        begun = Q(established_on__isnull=True) | Q(established_on__lte=on)
        return self.filter(begun).filter(Q(dissolved_on__isnull=True) | Q(dissolved_on__gt=on))


class Organization(models.Model):
    """A body of the county. `path` is the chain of ids from the root (`/1/5/`), so that a subtree is a prefix."""

    COUNTY, DEPARTMENT, TOWNSHIP, VILLAGE, INSTITUTION, PARTY = (
        "county_government",
        "department",
        "township",
        "village",
        "public_institution",
        "party_body",
    )
    KINDS = [
        (COUNTY, _("县级政府")),
        (DEPARTMENT, _("部门")),
        (TOWNSHIP, _("乡镇")),
        (VILLAGE, _("村（社区）")),
        (INSTITUTION, _("事业单位")),
        (PARTY, _("党委机构")),
    ]

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=100)
    short_name = models.CharField(_("简称"), max_length=40, blank=True)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    kind = models.CharField(_("类别"), max_length=20, choices=KINDS)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(_("路径"), max_length=200, blank=True, db_index=True)
    division_code = models.CharField(_("区划代码"), max_length=12, blank=True)
    item_code_serial = models.CharField(_("事项编码部门顺序"), max_length=2, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, unique=True, null=True, blank=True)
    uscc_synthetic = models.BooleanField(_("合成代码"), default=False)
    name_checked = models.BooleanField(_("名称已核对"), default=False)
    tags = models.JSONField(_("职责标签"), default=list, blank=True)
    phone = models.CharField(_("电话"), max_length=40, blank=True)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    established_on = models.DateField(_("设立日期"), null=True, blank=True)
    dissolved_on = models.DateField(_("撤销日期"), null=True, blank=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("机构")
        ordering = ["path"]

    def __str__(self) -> str:
        return self.label

    def is_active(self, on: date) -> bool:
        """True when the body has not been dissolved by `on`."""
        return self.dissolved_on is None or self.dissolved_on > on

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if (translation.get_language() or "").startswith("en") and self.name_en:
            return self.name_en
        return self.name

    @property
    def short_label(self) -> str:
        """The short name in the reader's language."""
        if (translation.get_language() or "").startswith("en") and self.name_en:
            return self.name_en
        return self.short_name or self.name


class Alias(models.Model):
    """A name by which people still know a body (国土局, 工商局 …); found by search, shown with when it ended."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(_("曾用名"), max_length=100)
    valid_until = models.DateField(_("使用至"), null=True, blank=True)

    class Meta:
        verbose_name = _("曾用名")
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="alias_once")]

    def __str__(self) -> str:
        return self.name


class Succession(models.Model):
    """A merger, split or renaming: `predecessor` handed its duties to `successor` on `effective_on`."""

    KINDS = [("merged", _("合并")), ("split", _("分立")), ("renamed", _("更名")), ("transferred", _("职责划转"))]

    predecessor = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="successions")
    successor = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="precursors")
    kind = models.CharField(_("方式"), max_length=12, choices=KINDS)
    effective_on = models.DateField(_("生效日期"))
    document = models.CharField(_("依据文件"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("机构沿革")

    def __str__(self) -> str:
        return f"{self.predecessor_id}→{self.successor_id}"


class Post(models.Model):
    """A post (岗位) in a body, such as 审批股股长."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="posts")
    name = models.CharField(_("岗位"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    is_head = models.BooleanField(_("负责人"), default=False)

    class Meta:
        verbose_name = _("岗位")
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="post_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The post in the reader's language."""
        if (translation.get_language() or "").startswith("en") and self.name_en:
            return self.name_en
        return self.name


class Membership(models.Model):
    """That an official belongs to a body, in a post, for a time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, blank=True)
    valid_from = models.DateField(_("任职起"))
    valid_until = models.DateField(_("任职止"), null=True, blank=True)

    class Meta:
        verbose_name = _("任职")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
                name="membership_in_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}@{self.organization_id}"
