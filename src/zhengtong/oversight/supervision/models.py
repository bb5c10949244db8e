"""The rows of supervision: rules as data, the index of running clocks, cards with their evidence, appeals, orders, back-tests.

A `Watch` is an index and may be rebuilt at any time from the clocks it was made from. A `Card` is evidence: what it says about its
issue never changes, and no row of it can be deleted (see `guards`).
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.columns import CompactJSONField
from zhengtong.oversight.supervision.states import (
    OPEN,
    Act,
    AppealState,
    BackTestState,
    Basis,
    CardState,
    Level,
    Mode,
    OrderState,
    RuleState,
    Watching,
)

USER = settings.AUTH_USER_MODEL


def chosen(words: dict[str, str]) -> str:
    """A name that is kept in two languages, in the reader's."""
    english = (get_language() or "").startswith("en")
    return (english and words.get("en")) or words.get("zh", "")


class RuleSet(models.Model):
    """A version of the county's supervision rules with the document it rests on. `settings`: windows and days that are not rules."""

    version = models.PositiveIntegerField(_("版本"), unique=True)
    profile = models.SlugField(_("来源方案"), max_length=40)
    name = models.CharField(_("名称"), max_length=80)
    state = models.CharField(_("状态"), max_length=10, choices=RuleState.choices, default=RuleState.DRAFT)
    document = models.CharField(_("依据文件"), max_length=200, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    settings = CompactJSONField(default=dict)
    created_at = models.DateTimeField(_("起草时间"))
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(_("施行时间"), null=True)
    published_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("监察规则")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="published"), name="one_rule_set_in_force"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="draft"), name="one_rule_set_drafted"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Rule(models.Model):
    """One rule of a set: what is watched, where the threshold lies, how grave, and whether a person confirms first."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(_("编号"), max_length=12)
    name = CompactJSONField(default=dict)
    law = models.CharField(_("依据"), max_length=120, blank=True)
    kind = models.CharField(_("监察对象"), max_length=12, choices=Watching.choices)
    basis = models.CharField(_("时限依据"), max_length=10, choices=Basis.choices)
    mode = models.CharField(_("方式"), max_length=8, choices=Mode.choices)
    value = models.PositiveSmallIntegerField(_("数值"), default=0)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices)
    automatic = models.BooleanField(_("自动发出"), default=True)
    enabled = models.BooleanField(_("启用"), default=True)
    recipients = CompactJSONField(default=list)

    class Meta:
        verbose_name = _("规则")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["rule_set", "code", "level"], name="rule_once_per_level")]

    def __str__(self) -> str:
        return f"{self.code} {self.level}"

    @property
    def label(self) -> str:
        """The rule's name in the reader's language."""
        return chosen(self.name)


class Watch(models.Model):
    """A running clock of any system, and when a rule next wants to look at it. Derived: rebuilt from the clock at every change.

    `problem`: why it cannot be watched whole now (`stuck` has the words); such a clock holds up no other.
    """

    source = models.CharField(max_length=12)
    key = models.CharField(max_length=40)
    subject = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=Watching.choices)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=24, blank=True)
    officer = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    due_on = models.DateField(null=True)
    next_threshold_at = models.DateTimeField(null=True)
    next_level = models.PositiveSmallIntegerField(default=0)
    rules_version = models.PositiveIntegerField(default=0)
    calendar_version = models.PositiveIntegerField(default=0)
    codes = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=40, null=True)

    class Meta:
        verbose_name = _("监察时钟")
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="watch_once")]
        indexes = [
            models.Index(
                fields=["next_threshold_at", "next_level"],
                name="watch_threshold",
                condition=Q(next_threshold_at__isnull=False),
            ),
            models.Index(fields=["subject"], name="watch_subject"),
            models.Index(fields=["kind", "organization", "due_on"], name="watch_of_body"),
            models.Index(fields=["organization"], name="watch_stuck", condition=Q(problem__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.key}"


class Gathering(models.Model):
    """How far the running clocks were gone through for a version of the rules; `covered`: the systems that are done; `left_out`: what
    could not be read at all on the way, {"source|subject": problem}, tried again at `retry_at` until it can.
    """

    rules_version = models.PositiveIntegerField(unique=True)
    source = models.CharField(max_length=12, blank=True)
    after = models.CharField(max_length=40, blank=True)
    finished = models.BooleanField(default=False)
    covered = CompactJSONField(default=list)
    left_out: Any = CompactJSONField(default=dict)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("监察清点")

    def __str__(self) -> str:
        return f"v{self.rules_version} {self.source}"


class Card(models.Model):
    """预警、黄牌、红牌. `threshold_at` is when the rule was broken, `issued_at` when the card went out; `evidence` is frozen at issue.

    `feedback_workdays` and `appeal_workdays`: how long its windows are, so that their last days can follow a changed calendar.
    """

    source = models.CharField(max_length=12)
    key = models.CharField(max_length=40)
    fire_key = models.CharField(max_length=120)
    subject = models.CharField(_("对象"), max_length=40)
    kind = models.CharField(_("监察对象"), max_length=12, choices=Watching.choices)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=24, blank=True)
    officer = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    number = models.CharField(_("办件编号"), max_length=40, blank=True)
    title = CompactJSONField(default=dict)
    topic = models.CharField(_("事项"), max_length=120, blank=True)
    url = models.CharField(max_length=200, blank=True)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, null=True, related_name="+")
    code = models.CharField(_("规则"), max_length=12)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices)
    raised_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    manual = models.BooleanField(_("人工发卡"), default=False)
    evidence = CompactJSONField(default=dict)
    threshold_at = models.DateTimeField(_("触发时间"))
    drawn_at = models.DateTimeField(_("生成时间"))
    state = models.CharField(_("状态"), max_length=12, choices=CardState.choices)
    row_version = models.PositiveIntegerField(default=1)
    issued_at = models.DateTimeField(_("发出时间"), null=True)
    feedback_due_on = models.DateField(_("反馈期限"), null=True)
    appeal_until = models.DateField(_("申诉期限"), null=True)
    feedback_workdays = models.PositiveSmallIntegerField(null=True)
    appeal_workdays = models.PositiveSmallIntegerField(null=True)
    verified_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)
    calendar_version = models.PositiveIntegerField(default=0)
    doubt = models.CharField(_("复核提示"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("监察卡")
        constraints = [
            # A card cannot be issued twice. Only one that the facts themselves took back makes room for another.
            models.UniqueConstraint(fields=["fire_key"], condition=~Q(state="auto_revoked"), name="card_once"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "level"], name="card_open", condition=Q(state__in=[str(s) for s in OPEN])
            ),
            # What the board shows, gravest and oldest first. By the end of a card, not by its states: a condition that SQLite can
            # recognize in a question with parameters.
            models.Index(
                fields=["ended_at", "-level", "threshold_at", "state"],
                name="card_now",
                condition=Q(ended_at__isnull=True),
            ),
            models.Index(fields=["threshold_at", "id"], name="card_by_time"),
            models.Index(fields=["subject"], name="card_subject"),
            models.Index(fields=["source", "key"], name="card_of_clock"),
            models.Index(fields=["code", "organization", "verified_at"], name="card_repeat"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """监2026-000123: how people speak of it."""
        return f"监{self.drawn_at.year}-{self.pk:06d}"

    @property
    def heading(self) -> str:
        """What it is about, in the reader's language."""
        return chosen(self.title)

    @property
    def rule_name(self) -> str:
        """The rule as it was called at issue, in the reader's language."""
        return chosen(self.evidence.get("rule", {}).get("name", {}))


class CardEvent(models.Model):
    """One thing that happened to a card, never changed."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="log", db_index=False)
    seq = models.PositiveIntegerField()
    act = models.CharField(max_length=12, choices=Act.choices)
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    actor = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    text = models.CharField(max_length=1000, blank=True)
    data = CompactJSONField(default=dict)

    class Meta:
        verbose_name = _("监察卡记录")
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["card", "seq"], name="card_event_seq")]

    def __str__(self) -> str:
        return f"{self.card_id}#{self.seq} {self.act}"


class Appeal(models.Model):
    """申诉: the body says why the card is wrong, with evidence; the supervisor or, reported up, the county head answers."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="appeals")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=AppealState.choices, default=AppealState.FILED)
    text = models.CharField(_("申诉理由"), max_length=1000)
    filed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()
    reported_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    reported_at = models.DateTimeField(null=True)
    reported_text = models.CharField(max_length=1000, blank=True)
    answer = models.CharField(_("处理意见"), max_length=1000, blank=True)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("申诉")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["card"], name="one_appeal_per_card")]

    def __str__(self) -> str:
        return f"{self.card_id} {self.state}"


class CorrectionOrder(models.Model):
    """督办: what a body has to put right, until when. Its clock is watched like every other. `once` names the act that issued it."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, null=True, related_name="orders")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("督办事项"), max_length=120)
    demand = models.CharField(_("整改要求"), max_length=1000)
    workdays = models.PositiveSmallIntegerField(_("期限（工作日）"))
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.ISSUED)
    row_version = models.PositiveIntegerField(default=1)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(_("期限"))
    ended_at = models.DateTimeField(null=True)
    once = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        verbose_name = _("督办")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["once"], condition=~Q(once=""), name="order_once")]
        indexes = [models.Index(fields=["organization", "state"], name="order_of_body")]

    def __str__(self) -> str:
        return self.title

    @property
    def name(self) -> str:
        """督2026-0012."""
        return f"督{self.issued_at.year}-{self.pk:04d}"


class OrderEntry(models.Model):
    """One answer, return or acceptance of a correction order, never changed."""

    order = models.ForeignKey(CorrectionOrder, on_delete=models.PROTECT, related_name="log")
    act = models.CharField(max_length=10)
    actor = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    text = models.CharField(max_length=1000, blank=True)

    class Meta:
        verbose_name = _("督办记录")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.order_id} {self.act}"


class BackTest(models.Model):
    """A past period replayed against a draft: which cards would appear, which would vanish. Taken up again where it stopped."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="back_tests")
    against = models.ForeignKey(RuleSet, on_delete=models.PROTECT, null=True, related_name="+")
    first = models.DateField(_("起"))
    last = models.DateField(_("止"))
    state = models.CharField(max_length=8, choices=BackTestState.choices, default=BackTestState.RUNNING)
    cursor = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    counts: Any = CompactJSONField(default=dict)
    until = models.DateTimeField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("回测")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.rule_set_id} {self.first}–{self.last}"


class BackTestLine(models.Model):
    """One card that would appear (`appears`) or vanish."""

    back_test = models.ForeignKey(BackTest, on_delete=models.CASCADE, related_name="lines")
    appears = models.BooleanField()
    subject = models.CharField(max_length=40)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=12)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    at = models.DateTimeField()
    number = models.CharField(max_length=40, blank=True)
    title = CompactJSONField(default=dict)
    url = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("回测结果")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"

    @property
    def heading(self) -> str:
        """What it is about, in the reader's language."""
        return chosen(self.title)
