"""The rows of a case. Facts only: dates that can be computed (due days) are kept as indexed derivations, rebuilt when a fact changes."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.cases.papers.values import Paper as PaperContent
from zhengtong.approvals.cases.states import OPEN, ClockKind, Kind, Outcome, State
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.files.models import Attachment
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.columns import CompactJSONField, PackedJSONField
from zhengtong.kernel.legal_clock import Budget, Pause
from zhengtong.kernel.sealed import BlindIndex, EncryptedJSON, EncryptedText, SealedRow
from zhengtong.security.accounts.models import Enterprise, Mandate
from zhengtong.security.signatures.values import Signed

USER = settings.AUTH_USER_MODEL


class Case(SealedRow):
    """An application from draft to archive. `row_version` grows with every event: a page made from an older one is refused."""

    CHANNELS = [("online", _("网上")), ("window", _("窗口")), ("township", _("乡镇窗口")), ("import", _("迁入"))]
    KINDS = [("person", _("自然人")), ("enterprise", _("法人或其他组织"))]
    FIRST, RENEW, CHANGE = "first", "renew", "change"
    PURPOSES = [(FIRST, _("新办")), (RENEW, _("延续")), (CHANGE, _("变更"))]

    number = models.CharField(_("办件编号"), max_length=50, unique=True, null=True, blank=True)
    spoken_number = models.CharField(_("受理号"), max_length=24, unique=True, null=True, blank=True)
    query_code = models.CharField(_("查询码"), max_length=12, blank=True)
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="cases")
    version = models.ForeignKey(MatterVersion, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("实施主体"), db_index=False
    )
    acceptance_point = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("受理点"), db_index=False
    )
    township = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    state = models.CharField(_("状态"), max_length=20, choices=State.choices, default=State.DRAFT)
    outcome = models.CharField(_("结果"), max_length=16, choices=Outcome.choices, blank=True, default="")
    deemed_accepted = models.BooleanField(_("视为受理"), default=False)
    channel = models.CharField(_("渠道"), max_length=10, choices=CHANNELS, default="online")
    purpose = models.CharField(_("申请类别"), max_length=8, choices=PURPOSES, default=FIRST)
    amends = models.ForeignKey(
        "Licence",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
        verbose_name=_("原证"),
        db_index=False,
    )
    row_version = models.PositiveIntegerField(default=0)

    applicant_kind = models.CharField(_("申请人类别"), max_length=10, choices=KINDS)
    applicant_user = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="cases", db_index=False
    )
    applicant_enterprise = models.ForeignKey(
        Enterprise, on_delete=models.PROTECT, null=True, blank=True, related_name="cases", db_index=False
    )
    applicant_name = models.CharField(_("申请人"), max_length=120)
    applicant_id_number = EncryptedText(_("证件号码"), index="applicant_id_index", default="")
    applicant_id_index = BlindIndex(of="applicant_id_number")
    applicant_phone = EncryptedText(_("联系电话"), blank=True, default="")
    applicant_address = EncryptedText(_("地址"), blank=True, default="")

    filed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="filed_cases", verbose_name=_("提交人"), db_index=False
    )
    capacity = models.CharField(_("提交身份"), max_length=10, default="self")
    mandate = models.ForeignKey(
        Mandate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    assisted_by = models.ForeignKey(
        USER,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("代填工作人员"),
        db_index=False,
    )

    answers = EncryptedJSON(_("申请内容"), default=dict)
    # What was put right at the window (event number → old and new answers): personal as the answers are.
    corrections = EncryptedJSON(_("当场更正"), default=dict)
    created_at = models.DateTimeField(_("建立时间"))
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    received_at = models.DateTimeField(_("收件时间"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("受理时间"), null=True, blank=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("送达时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    due_on = models.DateField(_("承诺办结日"), null=True, blank=True)
    hearing_duty = models.CharField(_("听证"), max_length=12, blank=True, default="")

    # What the row said when it was locked; `operations.recording` writes only what differs.
    as_read: dict[str, Any] = {}
    person = "applicant_user_id"

    class Meta:
        verbose_name = _("办件")
        # The foreign keys without an index of their own begin one of these; what few cases have is indexed for those alone.
        indexes = [
            models.Index(fields=["applicant_user", "-id"], name="case_of_person"),
            models.Index(fields=["applicant_enterprise", "-id"], name="case_of_enterprise"),
            models.Index(fields=["filed_by", "-id"], name="case_filed_by"),
            models.Index(fields=["acceptance_point", "state", "-id"], name="case_at_window"),
            models.Index(fields=["department", "state", "-id"], name="case_at_department"),
            models.Index(fields=["applicant_id_index"], name="case_by_id_number"),
            *(
                models.Index(fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"case_with_{name}")
                for name in ("township", "amends", "mandate", "assisted_by")
            ),
            models.Index(fields=["state"], condition=Q(amends__isnull=False), name="case_amending"),
        ]
        constraints = [
            # No path to a decision without proof of acceptance (行政许可法 第三十二条末款).
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=False)
                | ~Q(
                    state__in=["accepted", "in_process", "suspended", "decided", "certified", "delivered", "archived"]
                ),
                name="case_accepted_before_work",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True) | ~Q(outcome=""), name="case_decided_has_outcome"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(number__isnull=False) | Q(state="withdrawn"), name="case_numbered"
            ),
            models.CheckConstraint(
                condition=Q(purpose="first", amends__isnull=True) | (~Q(purpose="first") & Q(amends__isnull=False)),
                name="case_amends_a_licence",
            ),
            # One renewal or change of a licence at a time: two would end in two licences.
            models.UniqueConstraint(
                fields=["amends"],
                condition=Q(
                    state__in=[
                        "draft",
                        "submitted",
                        "pre_review",
                        "received",
                        "supplement_pending",
                        "accepted",
                        "in_process",
                        "suspended",
                    ]
                ),
                name="case_one_amendment",
            ),
        ]

    def __str__(self) -> str:
        return self.spoken_number or f"draft {self.pk}"

    @property
    def elements(self) -> MatterDocument:
        """The elements of the matter's version this case is pinned to; the document itself is read only when not in memory."""
        if not Case.version.is_cached(self):
            self.version = MatterVersion.objects.only("digest", "state").get(pk=self.version_id)
        return self.version.elements

    @property
    def is_open(self) -> bool:
        """True while somebody still has to act."""
        return self.state in OPEN


class CaseEvent(models.Model):
    """One thing that happened, never changed. `effective_at` is when it took effect in law, `recorded_at` when it was written down."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="log", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(_("事件"), max_length=22, choices=Kind.choices)
    from_state = models.CharField(max_length=20)
    to_state = models.CharField(max_length=20)
    actor = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("操作人")
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    on_behalf_of = models.CharField(_("代表"), max_length=120, blank=True)
    effective_at = models.DateTimeField(_("生效时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    data = CompactJSONField(default=dict)

    class Meta:
        verbose_name = _("办件事件")
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="case_event_seq")]

    def __str__(self) -> str:
        return f"{self.case_id}#{self.seq} {self.kind}"


class StepTask(models.Model):
    """One step of the matter's graph as work for one role at one body. Steps of one `group_no` run together."""

    WAITING, OPEN, DONE, SKIPPED = "waiting", "open", "done", "skipped"
    STATES = [(WAITING, _("未到")), (OPEN, _("办理中")), (DONE, _("已完成")), (SKIPPED, _("已免"))]

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    group_no = models.PositiveSmallIntegerField()
    mode = models.CharField(max_length=6, default="single")
    key = models.CharField(max_length=40)
    name = models.CharField(_("环节"), max_length=60)
    name_en = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=8)
    role = models.CharField(max_length=40)
    lead = models.BooleanField(default=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    min_officers = models.PositiveSmallIntegerField(default=1)
    workdays = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=STATES, default=WAITING)
    claimed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    opened_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("环节任务")
        ordering = ["group_no", "id"]
        indexes = [
            models.Index(fields=["case", "state"]),
            models.Index(fields=["organization", "case"], name="step_at_body"),
        ]

    def __str__(self) -> str:
        return self.name


class StepAct(models.Model):
    """What one officer did in a step: opinion and conclusion, signed with the duty it was done in."""

    CONCLUSIONS = [("agree", _("同意")), ("disagree", _("不同意")), ("note", _("意见"))]

    task = models.ForeignKey(StepTask, on_delete=models.PROTECT, related_name="acts", db_index=False)
    officer = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", db_index=False)
    conclusion = models.CharField(max_length=8, choices=CONCLUSIONS)
    opinion = models.CharField(_("意见"), max_length=2000)
    at = models.DateTimeField()
    # Grows when a step is returned and done again: the earlier opinion stays.
    round = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name = _("办理意见")
        constraints = [models.UniqueConstraint(fields=["task", "officer", "round"], name="one_act_per_officer")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.conclusion}"


class DutyHolder(models.Model):
    """承办、审核、批准分离: one person has at most one of the three duties on a case; the database holds it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="duties", db_index=False)
    officer = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", db_index=False)
    duty = models.CharField(max_length=12)

    class Meta:
        verbose_name = _("职责")
        constraints = [models.UniqueConstraint(fields=["case", "officer"], name="one_duty_per_person_and_case")]

    def __str__(self) -> str:
        return f"{self.officer_id} {self.duty}"


class ChecklistItem(models.Model):
    """The judgement on one material."""

    JUDGEMENTS = [
        ("pending", _("待核验")),
        ("ok", _("合格")),
        ("shared", _("数据共享获取")),
        ("not_needed", _("不需要")),
        ("defective", _("需补正")),
        ("deferred", _("容缺后补")),
    ]

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="checklist", db_index=False)
    material_no = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    required = models.BooleanField(default=True)
    judgement = models.CharField(max_length=10, choices=JUDGEMENTS, default="pending")
    problem = models.CharField(max_length=12, blank=True)
    remark = models.CharField(max_length=300, blank=True)
    judged_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("材料核验")
        ordering = ["material_no"]
        constraints = [models.UniqueConstraint(fields=["case", "material_no"], name="checklist_once")]

    def __str__(self) -> str:
        return self.name


class Paper(models.Model):
    """A numbered official paper (文书), frozen at issue; the PDF is made from its `content` and never from today's rows.

    What the case's first paper (`base`) says already, such as law, remedies and names, is not written again: `data` holds what differs.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(_("文书种类"), max_length=24)
    number = models.CharField(_("文号"), max_length=60, unique=True)
    title = models.CharField(_("标题"), max_length=100)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    data: Any = PackedJSONField()
    verify_code = models.CharField(_("验证码"), max_length=20, unique=True)
    issued_at = models.DateTimeField(_("签发时间"))
    issued_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    # Who signed the PDF and when; `queries.papers_for` looks it up. None: not printed yet, or printed before there were keys.
    signed: Signed | None = None

    class Meta:
        verbose_name = _("文书")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"

    @property
    def content(self) -> dict[str, Any]:
        """Everything the paper says, as it was issued."""
        shared = self.base.data if self.base else {}
        return {**{key: value for key, value in shared.items() if key in PaperContent.model_fields}, **self.data}


class DefectNotice(models.Model):
    """一次性告知: the complete list of defects, frozen at issue. A second one needs a reason signed by a superior, and is visible."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="defect_notices")
    in_review = models.BooleanField(default=False)
    items = CompactJSONField()
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    override_reason = models.CharField(max_length=300, blank=True, default="")
    override_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    lapsed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("一次性告知")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(in_review=False, override_reason=""), name="one_defect_notice_per_case"
            )
        ]

    def __str__(self) -> str:
        return str(self.paper_id)


class Suspension(models.Model):
    """特别程序: typed, with basis and evidence, told in writing, with a limit of its own (行政许可法 第四十五条)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="suspensions")
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=60)
    basis = models.CharField(max_length=120)
    clocks = CompactJSONField()
    planned_workdays = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300)
    started_on = models.DateField()
    ended_on = models.DateField(null=True)
    approved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    evidence = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, related_name="+")
    result = models.CharField(max_length=300, blank=True)
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("特别程序")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(ended_on__isnull=True), name="one_open_suspension"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=models.F("started_on")), name="suspension_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def as_pause(self) -> Pause:
        """The pause this makes in a clock's ledger."""
        return Pause(self.started_on, self.ended_on, self.name, self.basis)


class Extension(models.Model):
    """延长审批: once, by the head of the organ (行政许可法 第四十二条), with the reason told to the applicant."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="extension")
    workdays = models.PositiveSmallIntegerField()
    basis = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    approved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("延长审批")

    def __str__(self) -> str:
        return f"+{self.workdays}"


class Clock(models.Model):
    """A legal clock as its budget. `due_on` and `next_threshold_at` are derived from the facts by the calendar version named here."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    kind = models.CharField(max_length=10, choices=ClockKind.choices)
    task = models.ForeignKey(StepTask, on_delete=models.PROTECT, null=True, related_name="clocks")
    suspension = models.ForeignKey(
        Suspension, on_delete=models.PROTECT, null=True, related_name="own_clocks", db_index=False
    )
    started_on = models.DateField()
    limit_workdays = models.PositiveSmallIntegerField()
    extension_workdays = models.PositiveSmallIntegerField(default=0)
    calendar_version = models.PositiveIntegerField()
    due_on = models.DateField(null=True)
    next_threshold_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    elapsed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("时钟")
        indexes = [
            models.Index(fields=["case", "kind"]),
            models.Index(fields=["next_threshold_at"], name="clock_threshold", condition=Q(stopped_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"

    def pauses_of(self, suspensions: list[Suspension]) -> tuple[Pause, ...]:
        """The suspensions of the case that stop this clock and began while it ran."""
        stops = {ClockKind.STATUTORY: "statutory", ClockKind.PROMISED: "promised", ClockKind.STEP: "promised"}
        name = stops.get(ClockKind(self.kind))
        if name is None:
            return ()
        last: date | None = timezone.localdate(self.stopped_at) if self.stopped_at else None
        return tuple(
            s.as_pause()
            for s in suspensions
            if name in s.clocks and s.started_on >= self.started_on and (last is None or s.started_on <= last)
        )

    def budget(self, suspensions: list[Suspension]) -> Budget:
        """The facts the due day is computed from."""
        return Budget(self.started_on, self.limit_workdays, self.pauses_of(suspensions), self.extension_workdays)


class Licence(models.Model):
    """What was granted, verifiable by anyone with its number and code."""

    STATES = [("valid", _("有效")), ("superseded", _("已换发")), ("revoked", _("已撤销")), ("cancelled", _("已注销"))]

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="licence")
    number = models.CharField(_("证号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    holder = models.CharField(_("持有人"), max_length=120)
    paper = models.OneToOneField(Paper, on_delete=models.PROTECT, related_name="licence")
    issued_on = models.DateField()
    valid_until = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=STATES, default="valid")
    state_reason = models.CharField(max_length=200, blank=True)
    reminded_on = models.DateField(_("到期提醒"), null=True)

    class Meta:
        verbose_name = _("证照")
        indexes = [
            models.Index(
                fields=["valid_until"], condition=Q(state="valid", reminded_on__isnull=True), name="licence_to_remind"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Delivery(models.Model):
    """送达: how, to whom, when, with which proof (行政许可法 第四十四条)."""

    METHODS = [("electronic", _("网上送达")), ("pickup", _("窗口领取")), ("post", _("邮寄送达"))]

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="delivery")
    method = models.CharField(max_length=10, choices=METHODS)
    recipient = models.CharField(max_length=60)
    proof = models.CharField(max_length=120, blank=True)
    delivered_at = models.DateTimeField()
    delivered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("送达")

    def __str__(self) -> str:
        return self.method


class NumberSeries(models.Model):
    """The last number given in a series (cases of a day, papers of an organ and year). Numbers are never re-used; gaps stay."""

    series = models.CharField(max_length=80, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("编号序列")

    def __str__(self) -> str:
        return f"{self.series}:{self.last}"
