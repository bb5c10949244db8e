"""Words and codes of certificates."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ROOT, AUTHORITY, SERVICE, OFFICIAL, DEPARTMENT, NODE, POST = (
    "root",
    "authority",
    "service",
    "official",
    "department",
    "node",
    "post",
)
KINDS: dict[str, str | Promise] = {
    ROOT: _("根证书"),
    AUTHORITY: _("签发机构证书"),
    SERVICE: _("服务证书"),
    OFFICIAL: _("工作人员证书"),
    DEPARTMENT: _("机构证书"),
    NODE: _("节点证书"),
    POST: _("岗位属性证书"),
}
REASONS: dict[str, str | Promise] = {
    "key_compromise": _("密钥可能泄露"),
    "affiliation_changed": _("单位或岗位变动"),
    "superseded": _("已换发新证书"),
    "cessation": _("不再使用"),
    "authority_compromise": _("签发机构密钥可能泄露"),
    "unspecified": _("其他原因"),
}
ALGORITHMS: dict[str, str | Promise] = {
    "p256": _("国际算法（P-256、SHA-256）"),
    "sm2": _("国密算法（SM2、SM3）"),
}
ISSUED_BY = {SERVICE: "services", OFFICIAL: "officials", DEPARTMENT: "bodies", NODE: "nodes"}
"""Which authority issues which kind."""

STATES: dict[str, str | Promise] = {
    "valid": pgettext_lazy("certificate", "有效"),
    "revoked": pgettext_lazy("certificate", "已吊销"),
    "expired": pgettext_lazy("certificate", "已过期"),
    "future": pgettext_lazy("certificate", "尚未生效"),
}
