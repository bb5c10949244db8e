"""Facts about projects. Ids and codes only; what happens to a branch's case is told by `cases`."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class ProjectFact(Event):
    """Base of everything that happens to a project or bundle."""

    label: ClassVar[Any] = _("项目变动")

    subject_kind: ClassVar[str] = "project"
    subject_field: ClassVar[str] = "project_id"

    project_id: int
    joint_id: int = 0
    branch_id: int = 0


@dataclass(frozen=True, kw_only=True)
class ProjectOpened(ProjectFact):
    """A project or bundle was opened."""

    label: ClassVar[Any] = _("登记项目")


@dataclass(frozen=True, kw_only=True)
class JointCaseSubmitted(ProjectFact):
    """All branches of a stage were submitted with one form and one set of papers."""

    label: ClassVar[Any] = _("统一提交")


@dataclass(frozen=True, kw_only=True)
class JointDefectsNotified(ProjectFact):
    """The lead told the applicant once of everything to be corrected in all branches."""

    label: ClassVar[Any] = _("一次性告知补正")


@dataclass(frozen=True, kw_only=True)
class JointCaseSupplemented(ProjectFact):
    """The applicant answered for all branches at once."""

    label: ClassVar[Any] = _("提交补正")


@dataclass(frozen=True, kw_only=True)
class JointCaseAccepted(ProjectFact):
    """All branches are accepted. `deemed`: at least one by force of law."""

    label: ClassVar[Any] = _("统一受理")

    deemed: bool = False


@dataclass(frozen=True, kw_only=True)
class JointClockStarted(ProjectFact):
    """The joint clock of a stage runs (行政许可法 第四十二条第二款)."""

    label: ClassVar[Any] = _("联合时限开始")

    clock_id: int


@dataclass(frozen=True, kw_only=True)
class JointClockChanged(ProjectFact):
    """The joint clock has another due day: paused, resumed, extended, or counted by a new calendar (`reason`)."""

    label: ClassVar[Any] = _("联合时限变动")

    clock_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class JointClockStopped(ProjectFact):
    """Every branch has ended: the joint clock stands."""

    label: ClassVar[Any] = _("联合时限停止")

    clock_id: int


@dataclass(frozen=True, kw_only=True)
class JointClockElapsed(ProjectFact):
    """The joint clock ran out; dated at its true threshold. Nothing is granted by it."""

    label: ClassVar[Any] = _("联合时限届满")

    clock_id: int


@dataclass(frozen=True, kw_only=True)
class BranchSigned(ProjectFact):
    """A department signed for its branch."""

    label: ClassVar[Any] = _("部门签收")


@dataclass(frozen=True, kw_only=True)
class BranchUnsigned(ProjectFact):
    """A department has not signed for its branch in time; its head and the lead were told."""

    label: ClassVar[Any] = _("逾期未签收")

    department_id: int


@dataclass(frozen=True, kw_only=True)
class BranchSilent(ProjectFact):
    """A department let its promise pass without a decision. Silence is not consent: it is escalated."""

    label: ClassVar[Any] = _("部门逾期未答复")

    department_id: int


@dataclass(frozen=True, kw_only=True)
class BranchWaiting(ProjectFact):
    """A branch is reviewed as far as it can be and waits for another's result. The joint clock runs on."""

    label: ClassVar[Any] = _("等待前置结果")


@dataclass(frozen=True, kw_only=True)
class BranchReleased(ProjectFact):
    """What the branch waited for has arrived."""

    label: ClassVar[Any] = _("前置结果已到")


@dataclass(frozen=True, kw_only=True)
class BranchForwarded(ProjectFact):
    """A branch went to a superior authority or another system."""

    label: ClassVar[Any] = _("转上级或专线办理")


@dataclass(frozen=True, kw_only=True)
class BranchEnded(ProjectFact):
    """A branch has its result. `outcome`: granted, refused or left."""

    label: ClassVar[Any] = _("事项办完")

    outcome: str


@dataclass(frozen=True, kw_only=True)
class JointCaseDecided(ProjectFact):
    """Every branch of the stage has ended; the lead has to tell the applicant."""

    label: ClassVar[Any] = _("各事项办完")


@dataclass(frozen=True, kw_only=True)
class JointCaseCompleted(ProjectFact):
    """The lead issued one notice that lists every branch with its result."""

    label: ClassVar[Any] = _("办结告知")

    paper_id: int


@dataclass(frozen=True, kw_only=True)
class JointCaseClosed(ProjectFact):
    """A stage ended without anything to decide."""

    label: ClassVar[Any] = _("联合办理终止")


@dataclass(frozen=True, kw_only=True)
class AgentAppointed(ProjectFact):
    """Somebody acts for the applicant on the project, within a scope, until a day."""

    label: ClassVar[Any] = _("委托代办员")

    mandate_id: int


@dataclass(frozen=True, kw_only=True)
class AgentDismissed(ProjectFact):
    """The mandate was revoked."""

    label: ClassVar[Any] = _("撤销代办委托")

    mandate_id: int


@dataclass(frozen=True, kw_only=True)
class SiteVisitFixed(ProjectFact):
    """One visit for several branches has its time and its people."""

    label: ClassVar[Any] = _("确定联合勘验")

    visit_id: int


@dataclass(frozen=True, kw_only=True)
class SiteVisitRecorded(ProjectFact):
    """The visit took place; every branch shows the one record."""

    label: ClassVar[Any] = _("记录联合勘验")

    visit_id: int


@dataclass(frozen=True, kw_only=True)
class ProjectImported(ProjectFact):
    """A running project was taken over at its true stage."""

    label: ClassVar[Any] = _("移植在办项目")


@dataclass(frozen=True, kw_only=True)
class TemplateFact(Event):
    """Something happened to a template of projects or bundles."""

    label: ClassVar[Any] = _("联合办理模板变动")

    subject_kind: ClassVar[str] = "template"
    subject_field: ClassVar[str] = "key"

    key: str
    number: int


@dataclass(frozen=True, kw_only=True)
class TemplateDrafted(TemplateFact):
    """Somebody began the next version; `reason` says why it changes."""

    label: ClassVar[Any] = _("起草模板")

    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TemplateEdited(TemplateFact):
    """A draft was changed."""

    label: ClassVar[Any] = _("编辑模板")


@dataclass(frozen=True, kw_only=True)
class TemplateSubmitted(TemplateFact):
    """A draft was handed to the county office."""

    label: ClassVar[Any] = _("提交模板审核")


@dataclass(frozen=True, kw_only=True)
class TemplateReturned(TemplateFact):
    """The county office sent it back, with the reason."""

    label: ClassVar[Any] = _("退回模板")

    reason: str


@dataclass(frozen=True, kw_only=True)
class TemplateDraftDiscarded(TemplateFact):
    """A draft was thrown away; what is in force stays."""

    label: ClassVar[Any] = _("作废模板草稿")


@dataclass(frozen=True, kw_only=True)
class TemplatePublished(TemplateFact):
    """A version came into force for what is begun from now on; running projects keep theirs."""

    label: ClassVar[Any] = _("发布模板")

    approved_by_other: bool = False
