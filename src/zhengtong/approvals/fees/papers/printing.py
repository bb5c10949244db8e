"""The papers of a bill as PDF/A-2b."""

from collections.abc import Mapping
from pathlib import Path

from zhengtong.approvals.fees.models import BillPaper as Row
from zhengtong.approvals.fees.papers import values
from zhengtong.approvals.papers import press
from zhengtong.approvals.papers.qr import qr_file

TEMPLATES = Path(__file__).parent / "templates"
MODELS: Mapping[str, type[values.BillPaper]] = {Row.NOTICE: values.PaymentNotice, Row.RECEIPT: values.FeeReceipt}
TITLES = {
    Row.NOTICE: ("缴款通知书", "Notice of payment"),
    Row.RECEIPT: ("电子缴款凭证", "Electronic receipt of payment"),
}


def frozen(kind: str, content: Mapping[str, object]) -> dict[str, object]:
    """The content of a paper as it is kept. Raises `CannotPrint` for a character no font has: before anything is issued."""
    data = MODELS[kind].model_validate(dict(content)).model_dump(mode="json")
    press.refuse_unprintable(press.printable(data))
    return data


def render(kind: str, data: Mapping[str, object]) -> bytes:
    """The PDF of a kept content. Raises `Unavailable` when the fonts are not there."""
    content = press.printable(MODELS[kind].model_validate(dict(data)).model_dump(mode="json"))
    title, english = TITLES[kind]
    inputs = {"pay-qr": qr_file(str(content["pay_url"]))} if "pay_url" in content else {}
    return press.compile_pdf(TEMPLATES / f"{kind}.typ", content, title=title, english=english, **inputs)
