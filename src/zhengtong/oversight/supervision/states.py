"""Pure data: what is watched and how, the levels of cards, and the tables of what may happen to a card, an appeal and an order.

`ARROWS[(state, act)]` is the target state. What is not in the table cannot happen, by any button, address or program.
"""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Level(IntegerChoices):
    """How grave a card is. The highest card of a case counts."""

    WARNING = 1, _("预警")
    YELLOW = 2, _("黄牌")
    RED = 3, _("红牌")


TONES = {Level.WARNING: "info", Level.YELLOW: "soon", Level.RED: "overdue"}


class Watching(TextChoices):
    """What a rule watches. The last one is not a clock: a fact is looked at when it happens."""

    PROMISED = "promised", _("承诺办结时限")
    STATUTORY = "statutory", _("法定办结时限")
    SUSPENSION = "suspension", _("特别程序自身期限")
    PRE_REVIEW = "pre_review", _("网上预审")
    ACCEPTANCE = "acceptance", _("受理决定")
    HAND_OVER = "hand_over", _("转办")
    STEP = "step", _("环节")
    JOINT_STEP = "joint_step", _("联办部门的环节")
    PRELIMINARY = "preliminary", _("乡镇初审环节")
    DELIVERY = "delivery", _("送达")
    LICENCE = "licence", _("电子证照签发")
    CONSULTATION = "consultation", _("咨询答复")
    COMPLAINT = "complaint", _("投诉办理")
    WORK_ORDER = "work_order", _("差评整改")
    JOINT = "joint", _("并联审批")
    CARD = "card", _("监察卡反馈")
    ORDER = "order", _("督办期限")
    FACT = "fact", _("办理行为")


class Basis(TextChoices):
    """Which promise or law a limit rests on."""

    PROMISE = "promise", _("承诺")
    STATUTORY = "statutory", _("法定")
    STEP = "step", _("环节")
    SUSPENSION = "suspension", _("特别程序")
    DELIVERY = "delivery", _("送达")
    OWN = "own", _("监察自定")


class Mode(TextChoices):
    """How a threshold lies on a limit. Always whole working days; a threshold is the close of a working day."""

    LEFT = "left", _("剩余工作日")
    PERCENT = "percent", _("已用百分比")
    OVERDUE = "overdue", _("超过工作日")
    FACT = "fact", _("行为发生")


class Recipient(TextChoices):
    """Who gets a card. Levels cumulate: who gets warnings gets yellow and red cards too."""

    OFFICER = "officer", _("承办岗位")
    HEAD = "department_head", _("部门负责人")
    SUPERVISOR = "supervisor", _("电子监察员")
    COUNTY_HEAD = "county_head", _("县政府负责人")


class CardState(TextChoices):
    """Where a card stands (待发 D, 已发 Y, 撤销 C, 取消 Q of the national dictionaries; the rest is the loop of correction)."""

    PENDING = "pending", _("待发")
    ISSUED = "issued", _("已发")
    ACKNOWLEDGED = "acknowledged", _("已签收")
    EXPLAINED = "explained", _("已说明")
    ACTED = "acted", _("已整改")
    VERIFIED = "verified", _("已核实")
    CLOSED = "closed", _("已办结")
    SETTLED = "settled", _("已解除")
    REVOKED = "revoked", _("已撤销")
    AUTO_REVOKED = "auto_revoked", _("自动撤销")
    CANCELLED = "cancelled", _("未发取消")


class Act(TextChoices):
    """What can happen to a card."""

    DRAW = "draw", _("生成待发")
    ISSUE = "issue", _("发卡")
    CONFIRM = "confirm", _("确认发出")
    CANCEL = "cancel", _("不予发出")
    ACKNOWLEDGE = "acknowledge", _("签收")
    EXPLAIN = "explain", _("说明情况")
    CORRECT = "correct", _("报告整改")
    SEND_BACK = "send_back", _("退回重报")
    VERIFY = "verify", _("核实")
    CLOSE = "close", _("办结")
    SETTLE = "settle", _("解除")
    APPEAL = "appeal", _("申诉")
    REJECT = "reject", _("驳回申诉")
    REPORT_UP = "report_up", _("申诉上报")
    REVOKE = "revoke", _("撤销")
    AUTO_REVOKE = "auto_revoke", _("自动撤销")
    PUT_FORWARD = "put_forward", _("提请复核")
    UPHOLD = "uphold", _("复核维持")
    ORDER = "order", _("转督办")
    REPROJECT = "reproject", _("重算期限")


S, A = CardState, Act
LIVE = (S.ISSUED, S.ACKNOWLEDGED, S.EXPLAINED, S.ACTED, S.VERIFIED)
"""Issued and not at an end."""
OPEN = (S.PENDING, *LIVE)
STANDS = (*LIVE, S.CLOSED)
"""The card counts: it was issued and not taken back. A settled warning was answered by finishing in time."""
FINAL = frozenset({S.CLOSED, S.SETTLED, S.REVOKED, S.AUTO_REVOKED, S.CANCELLED})

CARD_ARROWS: dict[tuple[str, str], str] = {
    ("", A.DRAW): S.PENDING,
    ("", A.ISSUE): S.ISSUED,
    # Rules marked 人工确认: a person looks before anybody is accused.
    (S.PENDING, A.CONFIRM): S.ISSUED,
    (S.PENDING, A.CANCEL): S.CANCELLED,
    (S.PENDING, A.AUTO_REVOKE): S.AUTO_REVOKED,
    (S.ISSUED, A.ACKNOWLEDGE): S.ACKNOWLEDGED,
    # An explanation is an acknowledgement as well: nobody signs for a card twice to answer it once.
    **{(s, A.EXPLAIN): S.EXPLAINED for s in (S.ISSUED, S.ACKNOWLEDGED)},
    **{(s, A.CORRECT): S.ACTED for s in (S.ISSUED, S.ACKNOWLEDGED, S.EXPLAINED)},
    # Not good enough: the body answers again, its feedback clock runs again.
    **{(s, A.SEND_BACK): S.ACKNOWLEDGED for s in (S.EXPLAINED, S.ACTED)},
    **{(s, A.VERIFY): S.VERIFIED for s in (S.EXPLAINED, S.ACTED)},
    (S.VERIFIED, A.CLOSE): S.CLOSED,
    # A warning asks to finish in time; who does has answered it.
    **{(s, A.SETTLE): S.SETTLED for s in (S.PENDING, *LIVE)},
    **{(s, A.APPEAL): s for s in LIVE},
    **{(s, A.REJECT): s for s in LIVE},
    **{(s, A.REPORT_UP): s for s in LIVE},
    **{(s, A.REVOKE): S.REVOKED for s in (*LIVE, S.CLOSED)},
    # Facts that came late. A red card never takes this arrow: `put_forward` shows it to the supervisor instead.
    **{(s, A.AUTO_REVOKE): S.AUTO_REVOKED for s in LIVE},
    **{(s, A.PUT_FORWARD): s for s in LIVE},
    **{(s, A.UPHOLD): s for s in LIVE},
    **{(s, A.ORDER): s for s in LIVE},
    # The calendar was changed under its days to answer and to appeal.
    **{(s, A.REPROJECT): s for s in LIVE},
}


class AppealState(TextChoices):
    """What became of an appeal (撤销 C, 打回 D, 上报 B)."""

    FILED = "filed", _("待处理")
    REPORTED_UP = "reported_up", _("已上报")
    UPHELD = "upheld", _("申诉成立，卡已撤销")
    SENT_BACK = "sent_back", _("申诉不成立，维持")
    LAPSED = "lapsed", _("卡已自动失效，申诉终结")


APPEAL_OPEN = (AppealState.FILED, AppealState.REPORTED_UP)

APPEAL_ARROWS: dict[tuple[str, str], str] = {
    (AppealState.FILED, "revoke"): AppealState.UPHELD,
    (AppealState.FILED, "send_back"): AppealState.SENT_BACK,
    (AppealState.FILED, "report_up"): AppealState.REPORTED_UP,
    # What was reported up is decided above and nowhere else, and cannot be passed on again.
    (AppealState.REPORTED_UP, "revoke"): AppealState.UPHELD,
    (AppealState.REPORTED_UP, "send_back"): AppealState.SENT_BACK,
    # The card fell by itself: nobody has said whether the appeal was right.
    **{(state, "lapse"): AppealState.LAPSED for state in APPEAL_OPEN},
}


class OrderState(TextChoices):
    """Where a correction order stands."""

    ISSUED = "issued", _("待落实")
    ANSWERED = "answered", _("待验收")
    ACCEPTED = "accepted", _("已验收")


ORDER_ARROWS: dict[tuple[str, str], str] = {
    (OrderState.ISSUED, "answer"): OrderState.ANSWERED,
    (OrderState.ANSWERED, "accept"): OrderState.ACCEPTED,
    # Its clock runs on from the first day: an answer that was not good enough buys no time.
    (OrderState.ANSWERED, "return"): OrderState.ISSUED,
}


class RuleState(TextChoices):
    """Where a rule set stands. Published ones never change; a change is a new draft."""

    DRAFT = "draft", _("草案")
    PUBLISHED = "published", _("施行中")
    SUPERSEDED = "superseded", _("已被取代")


class BackTestState(TextChoices):
    """Where a back-test stands."""

    RUNNING = "running", _("运行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("失败")
