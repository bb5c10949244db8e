"""A report in words: what the page and the command show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.security.signatures.values import Report, Signature

NAMES: dict[str, Any] = {
    "department-sm2": gettext_lazy("签发机关的国密签名（SM2）"),
    "department-p256": gettext_lazy("签发机关的通用签名（P-256）"),
    "official-p256": gettext_lazy("审批人的签名（P-256）"),
    "SM2SM3": gettext_lazy("国密签名（SM2）"),
    "ES256": gettext_lazy("通用签名（P-256）"),
    "stamp": gettext_lazy("时间戳"),
}
KINDS: dict[str, Any] = {
    "pdf": gettext_lazy("PDF文书"),
    "json": gettext_lazy("签名的JSON"),
    "stamp": gettext_lazy("时间戳"),
    "unknown": gettext_lazy("其他文件"),
}


@dataclass(frozen=True)
class Drawn:
    """A report with its verdict in one line; `tone` as of a notification."""

    report: Report
    kind: str
    verdict: str
    sentence: str
    tone: str
    lines: tuple[tuple[str, Signature], ...]
    missing: tuple[str, ...]
    archive: str = ""


def name_of(key: str) -> str:
    """A signature's name in words; an unknown one as it stands, cut short."""
    return str(NAMES.get(key, key[:40] or _("签名")))


def drawn(report: Report, *, at: datetime) -> Drawn:
    """The report as it is shown to anybody at that moment."""
    verdict, sentence, tone = _verdict(report)
    return Drawn(
        report,
        str(KINDS[report.kind]),
        verdict,
        sentence,
        tone,
        tuple((name_of(s.name), s) for s in report.signatures),
        tuple(name_of(one) for one in report.missing),
        archive_words(report, at),
    )


def archive_words(report: Report, at: datetime) -> str:
    """Since when and until when archive stamps protect the file; empty without any."""
    since, until = report.archived_since, report.archived_until
    if since is None or until is None:
        return ""
    said = {"since": f"{timezone.localtime(since):%Y-%m-%d}", "until": f"{timezone.localtime(until):%Y-%m-%d}"}
    if until < at:
        return _("存档时间戳从{since}起保护整份文件，到{until}已经到期。请向签发机关取一份续过时间戳的。").format(
            **said
        )
    return _("从{since}起保护整份文件，到{until}为止；即使签名证书以后过期，也能证明文件当时就是这样。").format(**said)


def _verdict(report: Report) -> tuple[str, str, str]:
    if report.good:
        if report.kind == "stamp":
            return _("时间戳是真的"), _("下面写着它证明的时间。它证明的是另一份文件，请与那份文件一起保存。"), "ok"
        sentence = _("文件由下列签名人签发，签名之后没有改动过一个字节，该有的签名都在。")
        return _("是真的，没有改动"), sentence, "ok"
    if report.signatures and any(s.ours for s in report.signatures):
        return (
            _("不能采信"),
            _("文件里有本县的签名，但下面的问题没有排除。请向签发机关重新索取，可拨打12345核实。"),
            "overdue",
        )
    if report.signatures:
        return _("无法确认"), _("文件里没有能够核实的本县签名。请向签发单位核实，可拨打12345。"), "overdue"
    return _("验不了"), _("文件里没有可以核验的本县电子签名，这不说明文件是假的，也不说明是真的。"), "soon"


def too_large() -> str:
    """The sentence for a file over the limit."""
    return _("文件超过{limit} MB，没有核验。本县签发的文书都在这个大小以内，请检查是不是选错了文件。").format(
        limit=settings.FILES_MAX_MB
    )
