"""What can happen to a project's stage and to a branch: two tables of arrows. Pure data.

A stage filed as one is a *joint case*; a branch is one matter in it, and while it runs, an ordinary case of `cases`, whose own
table is not repeated here.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class JointState(TextChoices):
    """Where a stage of a project (or the one stage of a bundle) stands."""

    PLANNED = "planned", _("未开始")
    DRAFTING = "drafting", _("填报中")
    SUBMITTED = "submitted", _("等待统一受理")
    SUPPLEMENT = "supplement", _("待补正")
    IN_PROCESS = "in_process", _("并联办理中")
    DECIDED = "decided", _("各事项已办完，待告知")
    COMPLETED = "completed", _("已办结告知")
    CLOSED = "closed", _("已终止")
    FORMER = "former", _("原系统已办结")


class JointKind(TextChoices):
    """What can happen to a project."""

    OPEN = "open", _("登记项目")
    BEGIN = "begin", _("开始填报")
    ANSWER = "answer", _("填写")
    MATERIAL = "material", _("交材料")
    SUBMIT = "submit", _("统一提交")
    JUDGE = "judge", _("核验材料")
    NOTIFY = "notify", _("一次性告知补正")
    SUPPLEMENT = "supplement", _("提交补正")
    ACCEPT = "accept", _("统一受理并转办")
    SIGN = "sign", _("部门签收")
    WAIT = "wait", _("等待前置结果")
    RELEASE = "release", _("前置结果已到")
    PAUSE = "pause", _("联合时限暂停")
    NO_PAUSE = "no_pause", _("特别程序不影响联合时限")
    RESUME = "resume", _("联合时限恢复")
    EXTEND = "extend", _("延长联合办理期限")
    UNSIGNED = "unsigned", _("逾期未签收")
    SILENT = "silent", _("部门逾期未答复")
    ELAPSED = "elapsed", _("联合时限届满")
    FORWARD = "forward", _("转上级或专线办理")
    REPLY = "reply", _("上级或专线回复")
    FINISH = "finish", _("事项办完")
    DECIDE = "decide", _("各事项办完")
    COMPLETE = "complete", _("办结告知")
    CLOSE = "close", _("终止")
    APPOINT = "appoint", _("委托代办员")
    DISMISS = "dismiss", _("撤销代办委托")
    VISIT_PROPOSE = "visit_propose", _("提出联合勘验时间")
    VISIT_FIX = "visit_fix", _("确定联合勘验")
    VISIT_RECORD = "visit_record", _("记录联合勘验")
    VISIT_CANCEL = "visit_cancel", _("取消联合勘验")
    IMPORT = "import", _("移植在办项目")
    IMPORT_DONE = "import_done", _("移植已办结阶段")
    REPROJECT = "reproject", _("重算时限")


J, K = JointState, JointKind

JOINT_ARROWS: dict[tuple[str, str], str] = {
    (J.PLANNED, K.BEGIN): J.DRAFTING,
    (J.DRAFTING, K.ANSWER): J.DRAFTING,
    (J.DRAFTING, K.MATERIAL): J.DRAFTING,
    (J.SUPPLEMENT, K.MATERIAL): J.SUPPLEMENT,
    (J.DRAFTING, K.SUBMIT): J.SUBMITTED,
    (J.SUBMITTED, K.JUDGE): J.SUBMITTED,
    (J.SUBMITTED, K.NOTIFY): J.SUPPLEMENT,
    (J.SUPPLEMENT, K.SUPPLEMENT): J.SUBMITTED,
    # Also from 待补正: each branch may be accepted by its own window, or by force of law.
    **{(s, K.ACCEPT): J.IN_PROCESS for s in (J.SUBMITTED, J.SUPPLEMENT)},
    **{(J.IN_PROCESS, k): J.IN_PROCESS for k in (K.PAUSE, K.NO_PAUSE, K.RESUME, K.EXTEND)},
    # A branch may be ahead of the others: accepted at its own window, or by force of law.
    **{
        (s, k): s
        for s in (J.SUBMITTED, J.SUPPLEMENT, J.IN_PROCESS)
        for k in (K.SIGN, K.WAIT, K.RELEASE, K.UNSIGNED, K.SILENT, K.FORWARD, K.REPLY, K.FINISH)
    },
    **{(J.IN_PROCESS, k): J.IN_PROCESS for k in (K.VISIT_PROPOSE, K.VISIT_FIX, K.VISIT_RECORD, K.VISIT_CANCEL)},
    (J.IN_PROCESS, K.ELAPSED): J.IN_PROCESS,
    (J.IN_PROCESS, K.REPROJECT): J.IN_PROCESS,
    (J.IN_PROCESS, K.DECIDE): J.DECIDED,
    (J.DECIDED, K.COMPLETE): J.COMPLETED,
    # Every branch left before acceptance (withdrawn, not accepted): there is nothing to tell a result of.
    **{(s, K.CLOSE): J.CLOSED for s in (J.DRAFTING, J.SUBMITTED, J.SUPPLEMENT)},
    # An imported stage begins where the old system left it.
    (J.PLANNED, K.IMPORT): J.IN_PROCESS,
    (J.PLANNED, K.IMPORT_DONE): J.FORMER,
}
JOINT_OPEN = frozenset({J.DRAFTING, J.SUBMITTED, J.SUPPLEMENT, J.IN_PROCESS, J.DECIDED})
JOINT_ENDED = frozenset({J.COMPLETED, J.CLOSED, J.FORMER})


class BranchState(TextChoices):
    """Where one matter of a stage stands. Only what happens between the branches; the rest is its case's own state."""

    PLANNED = "planned", _("未开始")
    NOT_NEEDED = "not_needed", _("不需要办")
    DRAFTING = "drafting", _("填报中")
    FILED = "filed", _("等待受理")
    DISPATCHED = "dispatched", _("已转办，待签收")
    REVIEWING = "reviewing", _("审查中")
    WAITING = "waiting_prerequisite", _("等待前置结果")
    SUSPENDED = "suspended", _("特别程序中")
    FORWARDED = "forwarded", _("上级或专线办理中")
    GRANTED = "granted", _("已准予")
    REFUSED = "refused", _("未准予")
    LEFT = "left", _("已退出")


B = BranchState
BRANCH_ARROWS: dict[tuple[str, str], str] = {
    (B.PLANNED, "open"): B.DRAFTING,
    (B.NOT_NEEDED, "open"): B.DRAFTING,
    (B.PLANNED, "skip"): B.NOT_NEEDED,
    (B.DRAFTING, "skip"): B.NOT_NEEDED,
    (B.DRAFTING, "file"): B.FILED,
    (B.FILED, "dispatch"): B.DISPATCHED,
    (B.DISPATCHED, "sign"): B.REVIEWING,
    (B.REVIEWING, "wait"): B.WAITING,
    (B.WAITING, "release"): B.REVIEWING,
    **{(s, "suspend"): B.SUSPENDED for s in (B.DISPATCHED, B.REVIEWING, B.WAITING)},
    (B.SUSPENDED, "resume"): B.REVIEWING,
    **{(s, "forward"): B.FORWARDED for s in (B.DRAFTING, B.FILED, B.DISPATCHED, B.REVIEWING, B.WAITING)},
    **{
        (s, end): target
        for s in (B.FILED, B.DISPATCHED, B.REVIEWING, B.WAITING, B.SUSPENDED, B.FORWARDED)
        for end, target in (("grant", B.GRANTED), ("refuse", B.REFUSED), ("leave", B.LEFT))
    },
    (B.DRAFTING, "leave"): B.LEFT,
    # An imported branch is put where it truly stands.
    (B.PLANNED, "import_granted"): B.GRANTED,
    (B.PLANNED, "import_running"): B.REVIEWING,
    (B.PLANNED, "import_forwarded"): B.FORWARDED,
}
BRANCH_ENDED = frozenset({B.GRANTED, B.REFUSED, B.LEFT, B.NOT_NEEDED})
BRANCH_RUNNING = frozenset({B.DISPATCHED, B.REVIEWING, B.WAITING, B.SUSPENDED, B.FORWARDED})

LEVELS = {
    "county": _("县"),
    "city": _("市"),
    "province": _("省"),
    "line": _("垂直业务系统"),
}
"""Who decides a branch: a body of the county, or somebody reached through an adapter."""
