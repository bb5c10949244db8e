"""What can be found: one row per thing, and the county's own synonyms. The index proper is made by `engines`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations.models import Organization


class Document(models.Model):
    """One thing that can be found: a matter, a body, a case … `audience` says who may come upon it at all."""

    PUBLIC, OFFICIAL = "public", "official"
    AUDIENCES = [(PUBLIC, _("公众")), (OFFICIAL, _("工作人员"))]

    kind = models.CharField(_("类别"), max_length=20)
    object_id = models.CharField(_("对象"), max_length=60)
    title = models.CharField(_("标题"), max_length=200)
    title_en = models.CharField(_("英文标题"), max_length=300, blank=True)
    keywords = models.TextField(_("关键词"), blank=True)
    body = models.TextField(_("正文"), blank=True)
    url = models.CharField(_("网址"), max_length=300)
    audience = models.CharField(_("可见范围"), max_length=8, choices=AUDIENCES, default=PUBLIC)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    weight = models.FloatField(_("权重"), default=1.0)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("检索条目")
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_document_once")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.object_id}"


class Synonym(models.Model):
    """A word that people use (`开饭店`) and the official word it stands for (`食品经营许可`), added by the county."""

    plain = models.CharField(_("群众说法"), max_length=40)
    official = models.CharField(_("规范名称"), max_length=80)

    class Meta:
        verbose_name = _("同义词")
        constraints = [models.UniqueConstraint(fields=["plain", "official"], name="synonym_once")]

    def __str__(self) -> str:
        return f"{self.plain}→{self.official}"
