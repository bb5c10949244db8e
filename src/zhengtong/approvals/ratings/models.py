"""The rows of ratings: what was said, how it could be said, the work order it opened, the dispute, what is published, and the record."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.ratings.states import Entry, Release, Ruling, Standing, State
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.columns import CompactJSONField
from zhengtong.kernel.sealed import EncryptedText, SealedRow

USER = settings.AUTH_USER_MODEL
CODES = [(1, _("非常满意")), (2, _("满意")), (3, _("基本满意")), (4, _("不满意")), (5, _("非常不满意"))]
BAD = 4
"""From this code on a rating is a bad one (差评)."""
UNITS = [("workdays", _("个工作日")), ("days", _("天（自然日）"))]


class Rule(models.Model):
    """The periods and limits of 好差评, versioned; the newest version counts. They differ by province, so each version names its source."""

    version = models.PositiveIntegerField(unique=True)
    contact_days = models.PositiveSmallIntegerField(_("几天内联系评价人"))
    contact_unit = models.CharField(max_length=8, choices=UNITS)
    correct_days = models.PositiveSmallIntegerField(_("几天内整改并答复"))
    correct_unit = models.CharField(max_length=8, choices=UNITS)
    follow_up_workdays = models.PositiveSmallIntegerField(_("等待回访评价（工作日）"))
    object_workdays = models.PositiveSmallIntegerField(_("评价人提出异议（工作日）"))
    link_days = models.PositiveSmallIntegerField(_("评价链接有效（天）"))
    visit_hours = models.PositiveSmallIntegerField(_("来访评价码有效（小时）"))
    visits_a_day = models.PositiveSmallIntegerField(_("每个窗口每天最多评价码"))
    source = models.CharField(_("依据"), max_length=300)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("好差评规则")

    def __str__(self) -> str:
        return f"v{self.version}"


class Visit(models.Model):
    """One visit to a window, noted by its clerk so that it can be judged; nothing about the person is kept."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    counter = models.PositiveSmallIntegerField(_("窗口号"))
    on = models.DateField(_("日期"))
    at = models.DateTimeField()
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("来访")
        indexes = [models.Index(fields=["organization", "counter", "on"], name="visit_of_day")]

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.counter} {self.on}"


class Rating(models.Model):
    """One judgement, of a case or of a visit. `code` is GB/T 39046's: 1 非常满意 … 5 非常不满意; stars are derived, never stored."""

    CODES = CODES
    CHANNELS = [
        ("account", _("登录评价")),
        ("code", _("编号和查询码")),
        ("link", _("消息链接")),
        ("qr", _("窗口扫码")),
    ]

    case = models.OneToOneField(Case, on_delete=models.PROTECT, null=True, related_name="rating")
    visit = models.OneToOneField(Visit, on_delete=models.PROTECT, null=True, related_name="rating")
    department = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    code = models.PositiveSmallIntegerField(choices=CODES)
    tags = CompactJSONField(default=list)
    comment = models.CharField(max_length=500, blank=True)
    channel = models.CharField(max_length=8, choices=CHANNELS, default="account")
    standing = models.CharField(max_length=10, choices=Standing.choices, default=Standing.COUNTED)
    rated_at = models.DateTimeField()
    rated_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    row_version = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("评价")
        constraints = [
            models.CheckConstraint(condition=Q(code__gte=1, code__lte=5), name="rating_code"),
            models.CheckConstraint(
                condition=Q(case__isnull=False, visit__isnull=True) | Q(case__isnull=True, visit__isnull=False),
                name="rating_of_case_or_visit",
            ),
        ]
        indexes = [
            models.Index(fields=["rated_at"], name="rating_by_day"),
            models.Index(fields=["department", "-id"], name="rating_of_department"),
        ]

    def __str__(self) -> str:
        return str(self.code)

    @property
    def stars(self) -> int:
        """5 for 非常满意 … 1 for 非常不满意."""
        return 6 - self.code

    @property
    def is_bad(self) -> bool:
        """不满意 and 非常不满意."""
        return self.code >= BAD

    @property
    def subject(self) -> str:
        """What events, audit and notices call it."""
        return f"rating:{self.pk}"


class Invitation(models.Model):
    """A single-use right to say something, by link or QR code. Only the digest of its token is kept."""

    RATE, AGAIN, OBJECT = "rate", "again", "object"
    PURPOSES = [(RATE, _("评价")), (AGAIN, _("回访评价")), (OBJECT, _("提出异议"))]

    digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=6, choices=PURPOSES)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    rating = models.ForeignKey(Rating, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("评价邀请")
        indexes = [
            models.Index(fields=["visit"], condition=Q(visit__isnull=False), name="invitation_of_visit"),
            models.Index(fields=["rating"], condition=Q(rating__isnull=False), name="invitation_of_rating"),
            models.Index(fields=["expires_at"], name="invitation_by_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(case__isnull=False, visit__isnull=True, rating__isnull=True)
                | Q(case__isnull=True, visit__isnull=False, rating__isnull=True)
                | Q(case__isnull=True, visit__isnull=True, rating__isnull=False),
                name="invitation_about_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.made_at}"


class WorkOrder(SealedRow):
    """What a bad rating obliges the department to: contact, correct, answer, each by its day. The days follow from the rule it was opened under."""

    HOW = [
        ("phone", _("电话")),
        ("visit", _("上门")),
        ("here", _("来单位面谈")),
        ("message", _("消息")),
        ("none", _("评价人没有留联系方式")),
    ]
    ENDINGS = [
        ("satisfied", _("回访满意")),
        ("reviewed", _("回访仍不满意，县政务办复核后办结")),
        ("silent", _("回访期满未评价")),
    ]

    rating = models.OneToOneField(Rating, on_delete=models.PROTECT, related_name="order")
    department = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPENED)
    phone = EncryptedText(_("联系电话"), blank=True, default="")
    assignee = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    opened_on = models.DateField()
    contact_due_on = models.DateField()
    correct_due_on = models.DateField()
    contacted_at = models.DateTimeField(null=True)
    contacted_how = models.CharField(max_length=8, choices=HOW, blank=True)
    cause = models.CharField(_("原因"), max_length=500, blank=True)
    measure = models.CharField(_("整改措施"), max_length=500, blank=True)
    reply = models.CharField(_("答复"), max_length=500, blank=True)
    replied_at = models.DateTimeField(null=True)
    follow_up_due_on = models.DateField(null=True)
    follow_up_code = models.PositiveSmallIntegerField(choices=CODES, null=True)
    follow_up_comment = models.CharField(max_length=500, blank=True)
    follow_up_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=ENDINGS, blank=True)
    ending_note = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True)
    contact_escalated_at = models.DateTimeField(null=True)
    correct_escalated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("差评整改单")
        indexes = [
            models.Index(fields=["department", "state"], name="order_of_department"),
            models.Index(fields=["state", "correct_due_on"], name="order_by_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(follow_up_code__isnull=True) | Q(follow_up_code__gte=1, follow_up_code__lte=5),
                name="follow_up_code",
            ),
            models.CheckConstraint(
                condition=Q(replied_at__isnull=True) | Q(contacted_at__isnull=False), name="contact_before_reply"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating_id} {self.state}"

    @property
    def subject(self) -> str:
        """What to-dos and clocks call it."""
        return f"work_order:{self.pk}"


class Dispute(models.Model):
    """A department's application to have a rating set aside, the rater's objection, and what another body decided."""

    KINDS = [(Standing.MISTAKEN.value, _("误评")), (Standing.MALICIOUS.value, _("恶意评价"))]

    rating = models.OneToOneField(Rating, on_delete=models.PROTECT, related_name="dispute")
    kind = models.CharField(max_length=10, choices=KINDS)
    reason = models.CharField(_("理由"), max_length=500)
    evidence = models.CharField(_("证据"), max_length=1000)
    applied_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    applied_at = models.DateTimeField()
    told = models.BooleanField(_("已告知评价人"))
    object_due_on = models.DateField()
    objection = models.CharField(_("异议"), max_length=500, blank=True)
    objected_at = models.DateTimeField(null=True)
    ruling = models.CharField(max_length=10, choices=Ruling.choices, default=Ruling.WAITING)
    ruled_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    ruled_at = models.DateTimeField(null=True)
    ruling_reason = models.CharField(_("认定理由"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("评价认定申请")
        constraints = [
            # Whoever asks does not decide (国办发〔2019〕51号: 申诉由另外的机构复核).
            models.CheckConstraint(
                condition=Q(ruled_by__isnull=True) | ~Q(ruled_by=models.F("applied_by")), name="dispute_second_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rating_id} {self.ruling}"


class Publication(models.Model):
    """A text that may become public: what the person wrote, or what the department answered; `text` is what everybody reads."""

    COMMENT, REPLY = "comment", "reply"
    PARTS = [(COMMENT, _("评价内容")), (REPLY, _("部门答复"))]
    REASONS = [
        ("privacy", _("隐去个人信息后无法阅读")),
        ("abuse", _("辱骂、攻击他人")),
        ("secret", _("涉及国家秘密、商业秘密")),
        ("unrelated", _("与办事无关")),
    ]

    rating = models.ForeignKey(Rating, on_delete=models.PROTECT, related_name="publications")
    part = models.CharField(max_length=8, choices=PARTS)
    text = models.CharField(max_length=1000)
    hidden = models.PositiveSmallIntegerField(_("已隐去"), default=0)
    state = models.CharField(max_length=8, choices=Release.choices, default=Release.WAITING)
    reason = models.CharField(max_length=10, choices=REASONS, blank=True)
    made_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("评价公开")
        constraints = [models.UniqueConstraint(fields=["rating", "part"], name="publication_once")]
        indexes = [models.Index(fields=["state", "-id"], name="publication_by_state")]

    def __str__(self) -> str:
        return f"{self.rating_id} {self.part} {self.state}"


class RatingEvent(models.Model):
    """One line of a rating's record, never changed. `at` is when it took effect."""

    rating = models.ForeignKey(Rating, on_delete=models.PROTECT, related_name="log", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Entry.choices)
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, blank=True)
    actor = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    data: Any = CompactJSONField(default=dict)

    class Meta:
        verbose_name = _("评价记录")
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["rating", "seq"], name="rating_event_seq")]

    def __str__(self) -> str:
        return f"{self.rating_id}#{self.seq} {self.kind}"
