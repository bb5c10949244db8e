"""Signing papers: PDFs with the signatures of a body in both algorithms, and the reading of them."""

import time
from collections.abc import Callable
from datetime import date

SECONDS = 5.0


def figures(progress: Callable[..., None]) -> dict[str, float]:
    """`pdf_dual_per_second`: one process, licences of one page signed with SM2 and P-256 and stamped twice, as the county does
    it; `pdf_dual_unstamped_per_second` the same without stamps; `pdf_verify_per_second`: reading them, chains and lists included.
    The county has held its key ceremony.
    """
    from django.utils import timezone

    from zhengtong.approvals.cases.papers.render import render
    from zhengtong.approvals.cases.papers.values import Licence
    from zhengtong.foundation.organizations.models import Organization
    from zhengtong.security.signatures import pdf, sealing
    from zhengtong.security.signatures import public as signatures

    now = timezone.now()
    body = Organization.objects.get(code="market-regulation")
    facts = {
        name: "—" for name, field in Licence.model_fields.items() if field.is_required() and field.annotation is str
    }
    drawn = render("licence", Licence.model_validate({**facts, "issued_on": date(2026, 9, 21)}))
    signed = signatures.sign_pdf(drawn, department=body, at=now)
    if not signatures.verify_file(signed, at=timezone.now()).good:
        raise RuntimeError("the signed licence is not good")
    keys = sealing.keys_for(body, None, now)
    required = [key.field for key in keys]
    measured = {
        "pdf_dual_per_second": _rate(lambda: signatures.sign_pdf(drawn, department=body, at=now)),
        "pdf_dual_unstamped_per_second": _rate(lambda: pdf.sign(drawn, keys, required=required, at=now)),
        "pdf_verify_per_second": _rate(lambda: signatures.verify_file(signed, at=timezone.now())),
        "pdf_dual_bytes": len(signed) - len(drawn),
    }
    for name, value in measured.items():
        progress(f"{name}: {value}")
    return measured


def _rate(work: Callable[[], object]) -> float:
    work()
    count, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < SECONDS:
        work()
        count += 1
    return round(count / spent, 1)
