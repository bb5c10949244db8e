"""Facts about cases. Ids only: no name, number or answer of a person ever leaves the case in an event."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class CaseFact(Event):
    """Base of everything that happens to a case."""

    label: ClassVar[Any] = _("办件变动")

    subject_kind: ClassVar[str] = "case"
    subject_field: ClassVar[str] = "case_id"

    case_id: int


@dataclass(frozen=True, kw_only=True)
class CaseSubmitted(CaseFact):
    """An application was submitted and has its number."""

    label: ClassVar[Any] = _("提交申请")


@dataclass(frozen=True, kw_only=True)
class CasePreReviewBegun(CaseFact):
    """A window took up an online application to look it over."""

    label: ClassVar[Any] = _("开始预审")


@dataclass(frozen=True, kw_only=True)
class CaseReceived(CaseFact):
    """The papers are in; the five days for the acceptance decision run."""

    label: ClassVar[Any] = _("收件")

    automatic: bool = False


@dataclass(frozen=True, kw_only=True)
class MaterialsJudged(CaseFact):
    """The window has looked at materials, item by item."""

    label: ClassVar[Any] = _("核验材料")

    defective: int = 0


@dataclass(frozen=True, kw_only=True)
class CaseFixedOnSpot(CaseFact):
    """An error was put right at the window (行政许可法 第三十二条第三项)."""

    label: ClassVar[Any] = _("当场更正")


@dataclass(frozen=True, kw_only=True)
class DefectsNotified(CaseFact):
    """The one-time notice of all defects was issued."""

    label: ClassVar[Any] = _("发出一次性告知书")

    notice_id: int
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class CaseSupplemented(CaseFact):
    """The applicant answered the notice."""

    label: ClassVar[Any] = _("补正材料")

    notice_id: int


@dataclass(frozen=True, kw_only=True)
class SupplementLapsed(CaseFact):
    """The applicant did not answer in time; the local rule was applied."""

    label: ClassVar[Any] = _("逾期未补正")

    notice_id: int


@dataclass(frozen=True, kw_only=True)
class CaseAccepted(CaseFact):
    """The case was accepted. `deemed`: by force of 行政许可法 第三十二条第四项, because nobody acted in five days."""

    label: ClassVar[Any] = _("受理")

    deemed: bool = False


@dataclass(frozen=True, kw_only=True)
class AcceptanceRefused(CaseFact):
    """The case was not accepted, with a coded reason and remedies."""

    label: ClassVar[Any] = _("不予受理")

    reason: str


@dataclass(frozen=True, kw_only=True)
class CaseHandedOver(CaseFact):
    """The window handed the case to the department; its first steps are open."""

    label: ClassVar[Any] = _("移交部门")


@dataclass(frozen=True, kw_only=True)
class StepCompleted(CaseFact):
    """A step is done."""

    label: ClassVar[Any] = _("完成环节")

    task_id: int
    conclusion: str


@dataclass(frozen=True, kw_only=True)
class StepReturned(CaseFact):
    """A reviewer sent the case back to an earlier step."""

    label: ClassVar[Any] = _("退回环节")

    task_id: int


@dataclass(frozen=True, kw_only=True)
class CaseSuspended(CaseFact):
    """A special procedure began; the clocks it names are paused."""

    label: ClassVar[Any] = _("暂停计时")

    suspension_id: int


@dataclass(frozen=True, kw_only=True)
class CaseResumed(CaseFact):
    """The special procedure ended; the clocks run again."""

    label: ClassVar[Any] = _("恢复计时")

    suspension_id: int


@dataclass(frozen=True, kw_only=True)
class CaseExtended(CaseFact):
    """The decision period was extended, once, by the head of the organ."""

    label: ClassVar[Any] = _("延长期限")

    workdays: int


@dataclass(frozen=True, kw_only=True)
class ReviewSupplementRequested(CaseFact):
    """Papers were asked for during review; the clock keeps running."""

    label: ClassVar[Any] = _("审查中要求补充")

    notice_id: int


@dataclass(frozen=True, kw_only=True)
class ReviewSupplemented(CaseFact):
    """The applicant handed in what was asked for during review."""

    label: ClassVar[Any] = _("审查中补充材料")

    notice_id: int


@dataclass(frozen=True, kw_only=True)
class CaseDecided(CaseFact):
    """The decision was made."""

    label: ClassVar[Any] = _("作出决定")

    outcome: str
    deemed: bool = False
    """By force of law: a renewal that nobody decided before the licence ended (行政许可法 第五十条)."""


@dataclass(frozen=True, kw_only=True)
class LicenceExpiring(CaseFact):
    """The last day to apply for the renewal of a licence draws near; its holder is told once."""

    label: ClassVar[Any] = _("证照即将到期")

    licence_id: int


@dataclass(frozen=True, kw_only=True)
class DeferredMaterialHandedIn(CaseFact):
    """A paper that was allowed to follow has arrived."""

    label: ClassVar[Any] = _("补交容缺材料")


@dataclass(frozen=True, kw_only=True)
class ResultCertified(CaseFact):
    """The licence or result document was made."""

    label: ClassVar[Any] = _("制证")

    licence_number: str


@dataclass(frozen=True, kw_only=True)
class CaseDelivered(CaseFact):
    """The result reached the applicant."""

    label: ClassVar[Any] = _("送达")

    method: str


@dataclass(frozen=True, kw_only=True)
class CaseRated(CaseFact):
    """The applicant rated the service (GB/T 39046 code, 1 best)."""

    label: ClassVar[Any] = _("评价")

    code: int


@dataclass(frozen=True, kw_only=True)
class CaseArchived(CaseFact):
    """The file is complete and closed."""

    label: ClassVar[Any] = _("归档")


@dataclass(frozen=True, kw_only=True)
class CaseWithdrawn(CaseFact):
    """The applicant withdrew the application."""

    label: ClassVar[Any] = _("撤回申请")


@dataclass(frozen=True, kw_only=True)
class CaseVoided(CaseFact):
    """The case was declared void, with a reason."""

    label: ClassVar[Any] = _("作废")


@dataclass(frozen=True, kw_only=True)
class CaseTransferredUp(CaseFact):
    """The case was passed to the superior authority."""

    label: ClassVar[Any] = _("转报上级")

    authority: str


@dataclass(frozen=True, kw_only=True)
class CaseTerminated(CaseFact):
    """The case ended without a decision."""

    label: ClassVar[Any] = _("终止办理")


@dataclass(frozen=True, kw_only=True)
class ClockElapsed(CaseFact):
    """A clock of the case ran out; dated at the true threshold, also when the worker was down."""

    label: ClassVar[Any] = _("期限届满")

    clock_id: int
    clock_kind: str


@dataclass(frozen=True, kw_only=True)
class CasesReprojected(Event):
    """The promised due days of these cases moved because the calendar changed."""

    label: ClassVar[Any] = _("重算期限")

    subject_kind: ClassVar[str] = "calendar"
    subject_field: ClassVar[str] = "calendar_version"

    calendar_version: int
    case_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LicenceStateChanged(CaseFact):
    """A licence was superseded, revoked or cancelled."""

    label: ClassVar[Any] = _("证照状态变更")

    licence_number: str
    state: str
