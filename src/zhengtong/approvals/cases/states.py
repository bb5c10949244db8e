"""The one state machine of every case: which event leads from which state to which. Pure data; variation between matters is in their
steps, limits and materials, never here.

`ARROWS[(state, event)]` is the target state. What is not in the table cannot happen, by any button, address or program.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where a case stands."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")
    PRE_REVIEW = "pre_review", _("预审中")
    RECEIVED = "received", _("已收件")
    SUPPLEMENT_PENDING = "supplement_pending", _("待补正")
    NOT_ACCEPTED = "not_accepted", _("不予受理")
    ACCEPTED = "accepted", _("已受理")
    IN_PROCESS = "in_process", _("办理中")
    SUSPENDED = "suspended", _("特别程序中")
    DECIDED = "decided", _("已决定")
    CERTIFIED = "certified", _("已制证")
    DELIVERED = "delivered", _("已送达")
    ARCHIVED = "archived", _("已归档")
    WITHDRAWN = "withdrawn", _("已撤回")
    VOIDED = "voided", _("已作废")
    TRANSFERRED_UP = "transferred_up", _("已转报上级")
    TERMINATED = "terminated", _("已终止")


class Kind(TextChoices):
    """What can happen to a case."""

    START = "start", _("开始填写")
    SUBMIT = "submit", _("提交申请")
    BEGIN_PRE_REVIEW = "begin_pre_review", _("开始预审")
    RECEIVE = "receive", _("收件")
    JUDGE = "judge", _("核验材料")
    FIX_ON_SPOT = "fix_on_spot", _("当场更正")
    NOTIFY_DEFECTS = "notify_defects", _("一次性告知补正")
    SUPPLEMENT_IN = "supplement_in", _("提交补正")
    SUPPLEMENT_LAPSE = "supplement_lapse", _("逾期未补正")
    ACCEPT = "accept", _("受理")
    DEEM_ACCEPT = "deem_accept", _("视为受理")
    REFUSE_ACCEPTANCE = "refuse_acceptance", _("不予受理")
    HAND_OVER = "hand_over", _("转办")
    STEP_DONE = "step_done", _("完成环节")
    STEP_RETURN = "step_return", _("退回上一环节")
    SUSPEND = "suspend", _("特别程序开始")
    RESUME = "resume", _("特别程序结束")
    EXTEND = "extend", _("延长审批")
    REVIEW_SUPPLEMENT = "review_supplement", _("审查中补件")
    REVIEW_SUPPLEMENT_IN = "review_supplement_in", _("提交审查补件")
    DECIDE_GRANT = "decide_grant", _("准予")
    DECIDE_REFUSE = "decide_refuse", _("不予许可")
    DECIDE_DEFERRED = "decide_deferred", _("容缺准予")
    DEEM_RENEW = "deem_renew", _("视为准予延续")
    DEFERRED_IN = "deferred_in", _("补交容缺材料")
    CERTIFY = "certify", _("制证")
    DELIVER = "deliver", _("送达")
    CHANGE_LICENCE = "change_licence", _("撤销或注销证照")
    RATE = "rate", _("评价")
    ARCHIVE = "archive", _("归档")
    WITHDRAW = "withdraw", _("撤回申请")
    VOID = "void", _("作废")
    TRANSFER_UP = "transfer_up", _("转报上级")
    TERMINATE = "terminate", _("终止办理")
    ELAPSED = "elapsed", _("时限届满")
    REPROJECT = "reproject", _("重算时限")


class Outcome(TextChoices):
    """What was decided. `grant_deferred`: granted while a deferrable paper still has to follow (容缺)."""

    NONE = "", "—"
    GRANT = "grant", _("准予")
    GRANT_DEFERRED = "grant_deferred", _("容缺准予")
    REFUSE = "refuse", _("不予许可")


S, K = State, Kind
_FILED = (S.SUBMITTED, S.PRE_REVIEW)
_RUNNING = (S.ACCEPTED, S.IN_PROCESS, S.SUSPENDED)
_BEFORE_DECISION = (*_FILED, S.RECEIVED, S.SUPPLEMENT_PENDING, *_RUNNING)

ARROWS: dict[tuple[str, str], str] = {
    (S.DRAFT, K.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, K.BEGIN_PRE_REVIEW): S.PRE_REVIEW,
    **{(s, K.RECEIVE): S.RECEIVED for s in _FILED},
    **{(s, K.JUDGE): s for s in (*_FILED, S.RECEIVED)},
    # 行政许可法 32(3): an error that can be put right on the spot must be let.
    (S.RECEIVED, K.FIX_ON_SPOT): S.RECEIVED,
    (S.RECEIVED, K.NOTIFY_DEFECTS): S.SUPPLEMENT_PENDING,
    (S.SUPPLEMENT_PENDING, K.SUPPLEMENT_IN): S.RECEIVED,
    (S.SUPPLEMENT_PENDING, K.SUPPLEMENT_LAPSE): S.TERMINATED,
    (S.RECEIVED, K.ACCEPT): S.ACCEPTED,
    # 行政许可法 32(4): no notice within five days — accepted as of the day of receipt, without anyone's click.
    (S.RECEIVED, K.DEEM_ACCEPT): S.ACCEPTED,
    # Not our business is said at once, also before the receipt is written (32(1)(2)).
    **{(s, K.REFUSE_ACCEPTANCE): S.NOT_ACCEPTED for s in (*_FILED, S.RECEIVED)},
    (S.ACCEPTED, K.HAND_OVER): S.IN_PROCESS,
    (S.IN_PROCESS, K.STEP_DONE): S.IN_PROCESS,
    (S.IN_PROCESS, K.STEP_RETURN): S.IN_PROCESS,
    (S.IN_PROCESS, K.SUSPEND): S.SUSPENDED,
    (S.SUSPENDED, K.RESUME): S.IN_PROCESS,
    (S.IN_PROCESS, K.EXTEND): S.IN_PROCESS,
    # May be asked, but the clock keeps running (2.4 of the domain page; only 行政许可法 45 stops it).
    (S.IN_PROCESS, K.REVIEW_SUPPLEMENT): S.IN_PROCESS,
    (S.IN_PROCESS, K.REVIEW_SUPPLEMENT_IN): S.IN_PROCESS,
    (S.IN_PROCESS, K.DECIDE_GRANT): S.DECIDED,
    (S.IN_PROCESS, K.DECIDE_REFUSE): S.DECIDED,
    (S.IN_PROCESS, K.DECIDE_DEFERRED): S.DECIDED,
    # 行政许可法 50(2): a renewal not decided when the licence ends is granted, without anyone's click.
    **{(s, K.DEEM_RENEW): S.DECIDED for s in _RUNNING},
    (S.DECIDED, K.CERTIFY): S.CERTIFIED,
    # A refusal has nothing to certify: its paper is delivered straight away.
    (S.DECIDED, K.DELIVER): S.DELIVERED,
    (S.CERTIFIED, K.DELIVER): S.DELIVERED,
    **{(s, K.DEFERRED_IN): s for s in (S.DECIDED, S.CERTIFIED, S.DELIVERED)},
    # 行政许可法 69, 70: what was granted can be revoked or cancelled later; the case keeps its state.
    **{(s, K.CHANGE_LICENCE): s for s in (S.CERTIFIED, S.DELIVERED, S.ARCHIVED)},
    (S.DELIVERED, K.RATE): S.DELIVERED,
    (S.ARCHIVED, K.RATE): S.ARCHIVED,
    (S.NOT_ACCEPTED, K.RATE): S.NOT_ACCEPTED,
    (S.DELIVERED, K.ARCHIVE): S.ARCHIVED,
    **{(s, K.WITHDRAW): S.WITHDRAWN for s in (S.DRAFT, *_BEFORE_DECISION)},
    **{(s, K.VOID): S.VOIDED for s in _BEFORE_DECISION},
    **{(s, K.TRANSFER_UP): S.TRANSFERRED_UP for s in (S.ACCEPTED, S.IN_PROCESS)},
    **{(s, K.TERMINATE): S.TERMINATED for s in _BEFORE_DECISION},
    # A clock that runs out is a fact about the case, whatever its state; so is a calendar that changes.
    **{(s, K.ELAPSED): s for s in State},
    **{(s, K.REPROJECT): s for s in State},
}

ACCEPTED_ONWARDS = frozenset({S.ACCEPTED, S.IN_PROCESS, S.SUSPENDED, S.DECIDED, S.CERTIFIED, S.DELIVERED, S.ARCHIVED})
EXITS = frozenset({S.NOT_ACCEPTED, S.WITHDRAWN, S.VOIDED, S.TRANSFERRED_UP, S.TERMINATED, S.ARCHIVED})
OPEN = frozenset(s for s in State if s not in EXITS and s not in (S.DRAFT, S.DELIVERED))


class ClockKind(TextChoices):
    """The clocks of a case (2.3 and 2.4 of the domain page)."""

    PRE_REVIEW = "pre_review", _("网上预审")
    ACCEPTANCE = "acceptance", _("受理决定")
    SUPPLEMENT = "supplement", _("申请人补正")
    STATUTORY = "statutory", _("法定办结时限")
    PROMISED = "promised", _("承诺办结时限")
    HAND_OVER = "hand_over", _("转办")
    STEP = "step", _("环节")
    SUSPENSION = "suspension", _("特别程序自身期限")
    DELIVERY = "delivery", _("送达")
    DEFERRED = "deferred", _("容缺材料补交")


class ElapsedAction(TextChoices):
    """What the system does by itself when a clock runs out."""

    RECEIVE = "receive", _("自动收件")
    DEEM_ACCEPT = "deem_accept", _("视为受理")
    LAPSE = "lapse", _("逾期未补正处理")
    REPORT = "report", _("记录超时")


WHEN_ELAPSED: dict[str, str] = {
    ClockKind.PRE_REVIEW: ElapsedAction.RECEIVE,
    ClockKind.ACCEPTANCE: ElapsedAction.DEEM_ACCEPT,
    ClockKind.SUPPLEMENT: ElapsedAction.LAPSE,
}

REFUSAL_REASONS = {
    "not_required": _("依法不需要取得行政许可"),
    "not_competent": _("不属于本机关职权范围"),
    "false_materials": _("隐瞒情况或者提供虚假材料"),
    "forbidden_period": _("法定禁止申请期内再次申请"),
    "not_corrected": _("补正后仍不符合法定形式"),
}
"""Coded reasons for not accepting (行政许可法 第三十二条、第七十八条、第七十九条)."""

DENIAL_REASONS = {
    "conditions_not_met": _("不符合法定条件、标准"),
    "site_failed": _("现场核查不符合要求"),
    "quantity_exhausted": _("数量限制，名额已满"),
    "third_party_interest": _("损害他人重大利益且无法消除"),
    "other_law": _("其他法律、行政法规规定的情形"),
}
"""Coded reasons for refusing (行政许可法 第三十八条)."""

SUPPLEMENT_PROBLEMS = {
    "missing": _("未提交"),
    "illegible": _("不清晰"),
    "expired": _("已过有效期"),
    "not_signed": _("未签字或盖章"),
    "mismatch": _("与申请内容不一致"),
    "wrong_form": _("不符合法定形式"),
}
