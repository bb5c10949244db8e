"""The policy as data: roles in the words of the law, and the permissions each role carries.

Roles of case steps are those of the catalogue (承办、审核、批准 …); `duty` names the separation class of 行政许可
practice: no person performs two different duties on one case.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

UNDERTAKE, REVIEW, APPROVE = "undertake", "review", "approve"
DUTIES: dict[str, str | Promise] = {
    UNDERTAKE: pgettext_lazy("duty", "承办"),
    REVIEW: pgettext_lazy("duty", "审核"),
    APPROVE: pgettext_lazy("duty", "批准"),
}


@dataclass(frozen=True)
class Role:
    """A role: its label, its duty in a case (empty: none) and what it may do."""

    label: str | Promise
    permissions: frozenset[str]
    duty: str = ""


_CASE_WORK = {"desk.view", "cases.view", "cases.work", "cases.undertake", "supervision.answer"}
_RATINGS = {"ratings.view", "ratings.handle"}
_HANDLE = frozenset(_CASE_WORK | {"cases.suspend", "cases.notify"})
_ASSESS = {"fees.view", "fees.assess", "fees.refund"}

ROLES: dict[str, Role] = {
    "window_officer": Role(
        _("窗口受理人员"),
        frozenset(
            _CASE_WORK
            | _RATINGS
            | {"window.serve", "cases.receive", "cases.accept", "cases.notify", "cases.deliver", "cases.suspend"}
            | {"fees.view", "fees.collect"}
        ),
        "",
    ),
    "township_officer": Role(
        _("乡镇（街道）经办人员"),
        frozenset(
            _CASE_WORK
            | _RATINGS
            | {"window.serve", "cases.receive", "cases.accept", "cases.notify", "cases.deliver", "cases.suspend"}
            | {"fees.view", "fees.collect"}
        ),
        "",
    ),
    "case_officer": Role(_("承办人"), frozenset(_HANDLE | _RATINGS | {"cases.receive", "cases.accept"}), UNDERTAKE),
    "site_inspector": Role(_("勘验人员"), _HANDLE, UNDERTAKE),
    "examiner": Role(_("考核人员"), _HANDLE, UNDERTAKE),
    "joint_reviewer": Role(_("会审人员"), _HANDLE, UNDERTAKE),
    "inspector": Role(_("检验人员"), _HANDLE, UNDERTAKE),
    "quarantine_officer": Role(_("检疫人员"), _HANDLE, UNDERTAKE),
    "registrar": Role(_("登簿人员"), _HANDLE, UNDERTAKE),
    "section_head": Role(
        _("股室负责人"),
        frozenset(_CASE_WORK | _RATINGS | {"cases.review", "cases.suspend", "supervision.body"} | _ASSESS),
        REVIEW,
    ),
    "approver": Role(_("审批人"), frozenset(_CASE_WORK | {"cases.decide", "cases.suspend"}), APPROVE),
    "certificate_clerk": Role(_("制证人员"), frozenset(_CASE_WORK | {"cases.certify", "cases.deliver"}), ""),
    "payment_officer": Role(_("发放人员"), frozenset(_CASE_WORK | {"cases.deliver"}), ""),
    "department_head": Role(
        _("部门负责人"),
        frozenset(
            _CASE_WORK
            | _RATINGS
            | _ASSESS
            | {
                "ratings.assign",
                "cases.extend",
                "cases.decide",
                "cases.suspend",
                "fees.approve_refund",
                "supervision.body",
            }
        ),
        APPROVE,
    ),
    "finance_officer": Role(
        _("财务人员"),
        frozenset({"desk.view", "fees.view", "fees.reconcile", "fees.refund", "fees.approve_refund"}),
        "",
    ),
    "county_head": Role(
        _("县政府负责人"),
        frozenset(
            {
                "desk.view",
                "cases.view",
                "cases.extend_joint",
                "figures.view",
                "supervision.view",
                "supervision.answer",
                "supervision.superior",
            }
        ),
        "",
    ),
    "supervisor": Role(
        _("电子监察员"),
        frozenset(
            {
                "desk.view",
                "cases.view",
                "figures.view",
                "matters.view",
                "supervision.view",
                "supervision.answer",
                "supervision.supervise",
                "supervision.rules",
            }
        ),
        "",
    ),
    "matter_editor": Role(_("事项编辑"), frozenset({"desk.view", "matters.edit", "matters.view"}), ""),
    "county_office": Role(
        _("县政务办"),
        frozenset(
            {
                "desk.view",
                "matters.view",
                "matters.edit",
                "matters.approve",
                "organizations.manage",
                "calendars.manage",
                "accounts.manage",
                "roles.grant",
                "events.view",
                "events.retry",
                "figures.view",
                "cases.view",
                "erasures.handle",
                "ratings.view",
                "ratings.assign",
                "ratings.review",
                "projects.import",
                "fees.view",
                "supervision.view",
                "supervision.answer",
            }
        ),
        "",
    ),
    "auditor": Role(_("审计员"), frozenset({"desk.view", "audit.view", "timestamps.view", "certificates.witness"}), ""),
    "system_admin": Role(
        _("系统管理员"), frozenset({"desk.view", "accounts.manage", "events.view", "events.retry"}), ""
    ),
    "security_admin": Role(
        _("安全管理员"),
        frozenset(
            {
                "desk.view",
                "accounts.manage",
                "roles.grant",
                "certificates.manage",
                "certificates.witness",
                "vault.manage",
                "erasures.handle",
                "clients.manage",
                "timestamps.view",
                "timestamps.trust",
            }
        ),
        "",
    ),
}

_WATCHED = (
    "window_officer",
    "township_officer",
    "case_officer",
    "section_head",
    "approver",
    "department_head",
    "county_office",
)
CONFLICTS: frozenset[frozenset[str]] = frozenset(
    {
        frozenset({"auditor", "system_admin"}),
        frozenset({"auditor", "security_admin"}),
        frozenset({"system_admin", "security_admin"}),
        frozenset({"auditor", "county_office"}),
        frozenset({"system_admin", "county_office"}),
        # Who watches does not work on what is watched, and does not rule over accounts.
        *(frozenset({"supervisor", watched}) for watched in _WATCHED),
    }
)
"""Roles one person may not hold together (三员分离: system, security and audit administration are different people; the
county office grants roles, so it is neither auditor nor system administrator). The database refuses it too: see `guards`."""

_GRAVE = {"roles.grant", "accounts.manage", "audit.view"}
SENSITIVE: frozenset[str] = frozenset(name for name, role in ROLES.items() if role.permissions & _GRAVE)
"""Roles that rule over accounts, authority or the record: given by one official, they count only when a second confirms."""

PERMISSIONS: dict[str, str | Promise] = {
    "desk.view": _("打开工作台"),
    "window.serve": _("在窗口为群众办事"),
    "cases.view": _("查看办件"),
    "cases.work": _("处理办件"),
    "cases.undertake": _("承办办件"),
    "cases.receive": _("收件"),
    "cases.accept": _("受理或不予受理"),
    "cases.notify": _("发一次性告知书"),
    "cases.suspend": _("暂停和恢复计时"),
    "cases.review": _("审核"),
    "cases.decide": _("作出决定"),
    "cases.extend": _("批准延长期限"),
    "cases.extend_joint": _("批准统一办理、联合办理的延期"),
    "cases.certify": _("制证"),
    "cases.deliver": _("送达"),
    "projects.import": _("移植在办项目"),
    "fees.view": _("查看缴款单"),
    "fees.collect": _("在窗口收款"),
    "fees.assess": _("核定收费和决定减免"),
    "fees.refund": _("申请退款"),
    "fees.approve_refund": _("批准退款"),
    "fees.reconcile": _("与支付渠道对账"),
    "matters.view": _("查看事项库"),
    "matters.edit": _("编辑事项"),
    "matters.approve": _("审定事项变更"),
    "organizations.manage": _("管理机构"),
    "calendars.manage": _("管理工作日历"),
    "accounts.manage": _("管理工作人员账号"),
    "roles.grant": _("授权和撤销授权"),
    "clients.manage": _("登记接入统一认证的系统"),
    "figures.view": _("查看全县数据"),
    "ratings.view": _("查看评价和差评整改单"),
    "ratings.handle": _("办理差评整改"),
    "ratings.assign": _("分办差评整改、申请认定评价不成立"),
    "ratings.review": _("认定评价、审核公开、制定好差评规则"),
    "events.view": _("查看事件投递"),
    "events.retry": _("重新投递事件"),
    "audit.view": _("查看审计记录"),
    "supervision.view": _("查看电子监察"),
    "supervision.answer": _("答复监察卡和督办"),
    "supervision.body": _("代表本单位答复监察卡"),
    "supervision.supervise": _("发卡、核实、处理申诉、督办"),
    "supervision.rules": _("起草和施行监察规则"),
    "supervision.superior": _("裁决上报的申诉"),
    "certificates.manage": _("管理证书"),
    "certificates.witness": _("查看密钥到期，确认换发密钥"),
    "vault.manage": _("查看和轮换加密密钥"),
    "erasures.handle": _("办理删除个人信息的申请"),
    "timestamps.view": _("查看时间戳"),
    "timestamps.trust": _("确认服务器时钟"),
}
"""Every permission in words; a role may carry no other (a test holds them together)."""


def roles_with(permission: str) -> list[str]:
    """The roles that carry `permission`."""
    return [name for name, role in ROLES.items() if permission in role.permissions]
