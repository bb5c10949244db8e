"""The rows of a project: its stages filed as one, their branches, the joint clock, visits, and an append-only log."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.cases.models import Case, Paper
from zhengtong.approvals.greenway.plans import StagePlan, TemplateDocument
from zhengtong.approvals.greenway.states import JOINT_ENDED, LEVELS, BranchState, JointKind, JointState
from zhengtong.approvals.matters.models import Matter
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.columns import CompactJSONField
from zhengtong.kernel.legal_clock import Budget, Pause
from zhengtong.kernel.sealed import EncryptedJSON, EncryptedText, SealedRow
from zhengtong.security.accounts.models import Enterprise, Mandate

USER = settings.AUTH_USER_MODEL


def own(chinese: str, english: str) -> str:
    """The English for readers of English, where there is one."""
    return english if english and (get_language() or "").startswith("en") else chinese


class Template(models.Model):
    """A project template or bundle by its key; its content is in its versions."""

    key = models.SlugField(_("键"), max_length=60, unique=True)
    kind = models.CharField(_("类别"), max_length=8, choices=[("project", _("投资项目")), ("bundle", _("一件事"))])
    current = models.ForeignKey("TemplateVersion", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("联合办理模板")

    def __str__(self) -> str:
        return self.key


class TemplateVersion(models.Model):
    """One version of a template, never changed: a project keeps the one it was begun with."""

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    document = CompactJSONField()
    reason = models.CharField(_("变更说明"), max_length=200)
    published_at = models.DateTimeField(_("发布时间"))
    published_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    edited_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("模板版本")
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_once"),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | Q(edited_by__isnull=True) | ~Q(published_by=F("edited_by")),
                name="template_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"

    @property
    def plan(self) -> TemplateDocument:
        """The typed document."""
        known: TemplateDocument | None = self.__dict__.get("_plan")
        if known is None:
            known = self.__dict__["_plan"] = TemplateDocument.model_validate(self.document)
        return known

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return own(self.name, self.name_en)


class TemplateDraft(models.Model):
    """The one next version of a template that somebody works on. Published, it becomes a version and is gone."""

    DRAFT, SUBMITTED, RETURNED = "draft", "submitted", "returned"
    STATES = [(DRAFT, _("草稿")), (SUBMITTED, _("待审核")), (RETURNED, _("已退回"))]

    key = models.SlugField(_("键"), max_length=60, unique=True)
    base = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, null=True, related_name="+")
    document = CompactJSONField()
    reason = models.CharField(_("变更说明"), max_length=200, blank=True)
    state = models.CharField(_("状态"), max_length=9, choices=STATES, default=DRAFT)
    return_reason = models.CharField(_("退回原因"), max_length=300, blank=True)
    revision = models.PositiveIntegerField(_("修改次数"), default=0)
    edited_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    editors = CompactJSONField(default=list)
    """Everybody who changed it: none of them approves it."""
    created_at = models.DateTimeField(_("建立时间"))
    submitted_at = models.DateTimeField(_("提交时间"), null=True)

    class Meta:
        verbose_name = _("模板草稿")
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"

    @property
    def plan(self) -> TemplateDocument:
        """The typed document."""
        return TemplateDocument.model_validate(self.document)

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return own(self.document["name"], self.document.get("name_en", ""))

    @property
    def number(self) -> int:
        """The number it will have."""
        return self.base.number + 1 if self.base else 1

    @property
    def is_open(self) -> bool:
        """True while it may be changed."""
        return self.state in (self.DRAFT, self.RETURNED)


class Project(SealedRow):
    """One investment project or one bundle of somebody. `row_version` grows with every event."""

    KINDS = [("person", _("自然人")), ("enterprise", _("法人或其他组织"))]
    VERIFIED = [("", "—"), ("form", _("已核对写法")), ("check", _("校验位正确")), ("platform", _("在线平台已核验"))]

    number = models.CharField(_("联办编号"), max_length=30, unique=True)
    query_code = models.CharField(_("查询码"), max_length=12, blank=True, default="")
    template = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="projects")
    kind = models.CharField(_("类别"), max_length=8)
    name = models.CharField(_("项目名称"), max_length=120)
    code = models.CharField(_("投资项目代码"), max_length=24, unique=True, null=True, blank=True)
    code_verified = models.CharField(_("代码核验"), max_length=8, choices=VERIFIED, blank=True, default="")
    site = models.CharField(_("建设地点"), max_length=200, blank=True)
    investment = models.DecimalField(_("总投资（万元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    major = models.BooleanField(_("重大产业项目"), default=False)
    acceptance_point = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    township = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    row_version = models.PositiveIntegerField(default=0)

    applicant_kind = models.CharField(_("申请人类别"), max_length=10, choices=KINDS)
    applicant_user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="projects")
    applicant_enterprise = models.ForeignKey(
        Enterprise, on_delete=models.PROTECT, null=True, blank=True, related_name="projects"
    )
    applicant_name = models.CharField(_("申请人"), max_length=120)
    applicant_id_number = EncryptedText(_("证件号码"), default="")
    applicant_phone = EncryptedText(_("联系电话"), blank=True, default="")
    applicant_address = EncryptedText(_("地址"), blank=True, default="")
    filed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="filed_projects")
    capacity = models.CharField(_("提交身份"), max_length=10, default="self")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    assisted_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(_("渠道"), max_length=10, choices=Case.CHANNELS, default="online")

    situation = EncryptedJSON(_("情形"), default=dict)
    # What several branches ask, answered once: personal as the answers of a case are.
    answers = EncryptedJSON(_("共同信息"), default=dict)
    created_at = models.DateTimeField(_("建立时间"))
    imported_at = models.DateTimeField(_("移植时间"), null=True, blank=True)

    person = "applicant_user_id"

    class Meta:
        verbose_name = _("项目")
        indexes = [
            models.Index(fields=["applicant_user", "-id"], name="project_of_person"),
            models.Index(fields=["applicant_enterprise", "-id"], name="project_of_enterprise"),
        ]
        constraints = [
            # 核准条例 第四条: no department handles an investment project without its code.
            models.CheckConstraint(condition=~Q(kind="project") | Q(code__isnull=False), name="project_has_its_code")
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def plan(self) -> TemplateDocument:
        """The template this project is pinned to."""
        return self.template.plan

    @property
    def investment_shown(self) -> str:
        """The total investment: 万元 for readers of Chinese; in yuan, from a million on in millions, for readers of English."""
        if self.investment is None:
            return ""
        if not (get_language() or "").startswith("en"):
            return f"{self.investment:,f}".removesuffix(".00")
        amount = self.investment * 10_000
        if amount < 1_000_000:
            return f"{amount:,.2f}".removesuffix(".00")
        return f"{(amount / 1_000_000).normalize():,f} million"

    @property
    def for_whom(self) -> str:
        """For whom the filer acts, in words; empty when for themselves."""
        return "" if self.capacity == "self" and not self.assisted_by_id else self.applicant_name


class JointCase(models.Model):
    """A stage of a project filed as one; a bundle has exactly one."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="joints")
    no = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=40)
    lead = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("牵头部门"))
    state = models.CharField(_("状态"), max_length=10, choices=JointState.choices, default=JointState.PLANNED)
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    accepted_at = models.DateTimeField(_("受理时间"), null=True)
    decided_at = models.DateTimeField(_("办完时间"), null=True)
    completed_at = models.DateTimeField(_("告知时间"), null=True)
    notice = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("联合办理")
        ordering = ["no"]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="stage_once"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=False) | ~Q(state__in=["in_process", "decided", "completed"]),
                name="joint_accepted_before_work",
            ),
            models.CheckConstraint(
                condition=Q(notice__isnull=False) | ~Q(state="completed"), name="joint_completed_has_notice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.key}"

    @property
    def plan(self) -> StagePlan:
        """The stage as the template says it."""
        return self.project.plan.stage(self.key)

    @property
    def label(self) -> str:
        """The name of the stage in the reader's language."""
        return own(self.plan.name, self.plan.name_en)

    @property
    def is_ended(self) -> bool:
        """True when nobody has to act on it any more."""
        return self.state in JOINT_ENDED


class Branch(models.Model):
    """One matter of a stage. Its case does the work; the row keeps what lies between the branches."""

    joint = models.ForeignKey(JointCase, on_delete=models.PROTECT, related_name="branches")
    no = models.PositiveSmallIntegerField()
    matter_key = models.SlugField(max_length=80)
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("事项"), max_length=160)
    name_en = models.CharField(max_length=240, blank=True)
    role = models.CharField(max_length=8)
    level = models.CharField(max_length=8, choices=list(LEVELS.items()), default="county")
    adapter = models.CharField(max_length=40, blank=True)
    authority = models.CharField(_("办理机关"), max_length=80, blank=True)
    prerequisites = CompactJSONField(default=list)
    workdays = models.PositiveSmallIntegerField(_("承诺时限"))
    tail_workdays = models.PositiveSmallIntegerField(default=1)
    """What is left to do once the last prerequisite is there."""
    state = models.CharField(_("状态"), max_length=22, choices=BranchState.choices, default=BranchState.PLANNED)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, null=True, related_name="greenway_branch")
    dispatched_at = models.DateTimeField(_("转办时间"), null=True)
    sign_due_on = models.DateField(_("签收期限"), null=True)
    sign_threshold_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(_("签收时间"), null=True)
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    silent_since = models.DateField(_("逾期未答复"), null=True)
    ended_at = models.DateTimeField(_("办完时间"), null=True)
    result = models.CharField(_("结果"), max_length=200, blank=True)
    reference = models.CharField(_("外部编号"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("并联事项")
        ordering = ["no"]
        indexes = [
            models.Index(fields=["sign_threshold_at"], name="branch_sign_due", condition=Q(signed_at__isnull=True)),
            models.Index(fields=["state", "level"], name="branch_state"),
        ]
        constraints = [models.UniqueConstraint(fields=["joint", "matter_key"], name="branch_once")]

    def __str__(self) -> str:
        return f"{self.joint_id}/{self.matter_key}"

    @property
    def label(self) -> str:
        """The matter's name in the reader's language."""
        return own(self.name, self.name_en)


class JointClock(models.Model):
    """The clock of a stage as its budget; the due day is derived by the calendar version named here."""

    joint = models.OneToOneField(JointCase, on_delete=models.PROTECT, related_name="clock")
    started_on = models.DateField()
    limit_workdays = models.PositiveSmallIntegerField()
    extension_workdays = models.PositiveSmallIntegerField(default=0)
    extension_reason = models.CharField(max_length=300, blank=True)
    extended_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    extended_at = models.DateTimeField(null=True)
    extension_paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, related_name="+")
    calendar_version = models.PositiveIntegerField()
    due_on = models.DateField(null=True)
    next_threshold_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    elapsed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("联合时限")
        indexes = [
            models.Index(fields=["next_threshold_at"], name="joint_threshold", condition=Q(stopped_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.joint_id} {self.due_on}"

    def budget(self, pauses: list["JointPause"]) -> Budget:
        """The facts the due day is computed from."""
        counted = tuple(p.as_pause() for p in pauses if p.counts)
        return Budget(self.started_on, self.limit_workdays, counted, self.extension_workdays)


class JointPause(models.Model):
    """A special procedure of one branch, as the joint clock sees it: it pauses only what the branch's slack does not take.

    `starts_on` is the day the slack is used up; None: the procedure did not touch the joint clock.
    """

    clock = models.ForeignKey(JointClock, on_delete=models.PROTECT, related_name="pauses")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    suspension_id = models.PositiveBigIntegerField(unique=True)
    name = models.CharField(max_length=60)
    basis = models.CharField(max_length=120)
    procedure_from = models.DateField()
    slack_workdays = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=300)
    starts_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)

    class Meta:
        verbose_name = _("联合时限暂停")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.starts_on}–{self.ended_on}"

    @property
    def counts(self) -> bool:
        """True when it takes days off the joint clock."""
        return self.starts_on is not None and (self.ended_on is None or self.ended_on > self.starts_on)

    def as_pause(self) -> Pause:
        """The pause in the ledger, with its reason."""
        assert self.starts_on is not None
        return Pause(self.starts_on, self.ended_on, f"{self.name}（{self.branch.name}）：{self.why}", self.basis)


class SiteVisit(models.Model):
    """联合勘验: one visit for several branches, with one record that each of them shows."""

    STATES = [("proposed", _("待定时间")), ("fixed", _("已约定")), ("done", _("已勘验")), ("cancelled", _("已取消"))]

    joint = models.ForeignKey(JointCase, on_delete=models.PROTECT, related_name="visits")
    branches = models.ManyToManyField(Branch, related_name="visits")
    address = models.CharField(_("地点"), max_length=200)
    purpose = models.CharField(_("勘验目的"), max_length=200)
    slots = CompactJSONField(default=list)
    state = models.CharField(_("状态"), max_length=9, choices=STATES, default="proposed")
    visit_at = models.DateTimeField(_("勘验时间"), null=True)
    record = models.TextField(_("勘验记录"), blank=True)
    recorded_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("联合勘验")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["fixed", "done"]) | Q(visit_at__isnull=False), name="visit_fixed_has_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.joint_id} {self.visit_at}"


class Attendance(models.Model):
    """Who goes along for which body. The same person cannot be at two places at once: the database holds it."""

    visit = models.ForeignKey(SiteVisit, on_delete=models.PROTECT, related_name="attendance")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    visit_at = models.DateTimeField()
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("勘验人员")
        constraints = [
            models.UniqueConstraint(
                fields=["officer", "visit_at"], condition=Q(active=True), name="officer_at_one_visit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.officer_id}"


class ProjectEvent(models.Model):
    """One thing that happened, never changed; both times, and for whom it was done."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="log", db_index=False)
    seq = models.PositiveIntegerField()
    joint = models.ForeignKey(JointCase, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(_("事件"), max_length=14, choices=JointKind.choices)
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, blank=True)
    actor = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    on_behalf_of = models.CharField(_("代表"), max_length=120, blank=True)
    effective_at = models.DateTimeField(_("生效时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    data: Any = CompactJSONField(default=dict)

    class Meta:
        verbose_name = _("项目事件")
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["project", "seq"], name="project_event_seq")]

    def __str__(self) -> str:
        return f"{self.project_id}#{self.seq} {self.kind}"


class ProjectImport(models.Model):
    """A workbook of running projects that was read and waits to be confirmed."""

    name = models.CharField(_("文件"), max_length=120)
    rows = CompactJSONField()
    problems = CompactJSONField()
    uploaded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("项目移植")

    def __str__(self) -> str:
        return self.name
