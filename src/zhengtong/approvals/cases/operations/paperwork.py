"""Issue a numbered official paper: its content is frozen here, its PDF is made from that content when it is first needed."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from zhengtong.approvals.cases.models import Case, Paper
from zhengtong.approvals.cases.operations.recording import next_number
from zhengtong.approvals.cases.papers.render import KINDS, check_printable, paper_title
from zhengtong.approvals.cases.papers.values import Paper as PaperContent
from zhengtong.foundation.organizations.models import Organization

WORDS = {
    "receipt": "收",
    "defect_notice": "补",
    "not_accepted": "不受",
    "acceptance": "受",
    "supplement_receipt": "补收",
    "review_supplement": "审补",
    "process_acceptance": "过受",
    "refusal": "不许",
    "decision": "许",
    "special_procedure": "特",
    "extension": "延",
    "delivery_receipt": "送",
    "withdrawal": "撤",
    "termination": "终",
    "licence": "证",
    "joint_completion": "联结",
    "site_visit": "勘",
}
"""The word in the number of each kind of paper, such as 双市监受〔2026〕12号."""

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def new_code(length: int = 12) -> str:
    """A random code without letters that are mistaken for digits."""
    return "".join(secrets.choice(ALPHABET) for _i in range(length))


def paper_number(organization: Organization, kind: str, at: datetime) -> str:
    """The next number of this kind of paper for the organ and year."""
    year = timezone.localdate(at).year
    word = WORDS[kind]
    short = organization.short_name or organization.name
    n = next_number(f"paper:{organization.pk}:{kind}:{year}")
    return f"双{short}{word}〔{year}〕{n}号"


def masked_id(number: str) -> str:
    """The first six and the last two characters; enough to recognise one's own."""
    return f"{number[:6]}{'*' * max(len(number) - 8, 0)}{number[-2:]}" if len(number) > 8 else number


ACTS = {"01": "行政许可", "05": "行政给付", "07": "行政确认", "20": "公共服务", "10": "行政事项"}


def common(case: Case, organ: Organization, at: datetime) -> dict[str, Any]:
    """What every paper of a case states."""
    elements = case.elements
    return {
        "organ": organ.name,
        "case_number": case.spoken_number or "",
        "machine_number": case.number or "",
        "matter_name": case.elements.name,
        "matter_code": case.elements.implementation_code,
        "applicant_name": case.applicant_name,
        "applicant_id": masked_id(case.applicant_id_number)
        if case.applicant_kind == "person"
        else case.applicant_id_number,
        "agent_name": case.filed_by.display_name if case.filed_by and case.capacity not in ("self", "legal") else "",
        "issued_on": timezone.localdate(at),
        "legal_basis": tuple(f"《{b.law}》{b.article or ''}" for b in elements.legal_basis),
        "remedies": elements.remedies,
        "contact": elements.enquiry_phone,
        "complaint": elements.complaint_phone,
        "query_code": case.query_code,
        "act": ACTS.get(elements.type_code, "行政事项"),
        "demo": settings.DEMO,
    }


def issue(
    case: Case,
    kind: str,
    content: Mapping[str, Any],
    *,
    by: Any,
    organization: Organization | None = None,
    at: datetime,
) -> Paper:
    """Write the paper with its number and verification code. `organization` defaults to the body that owns the matter.

    The content is checked against the paper's own model and frozen; `content` may replace what every paper states.
    """
    organ = organization or case.department
    number, code = paper_number(organ, kind, at), new_code()
    with override("zh-hans"):
        whole = {**common(case, organ, at), "number": number, "verify_url": verify_url(code), **content}
        filled = KINDS[kind].model.model_validate(whole)
    # Before anything is issued: a character no font can print is an error now, never a box on paper.
    check_printable(kind, filled)
    data = filled.model_dump(mode="json")
    base = Paper.objects.filter(case=case, base__isnull=True).first()
    return Paper.objects.create(
        case=case,
        kind=kind,
        number=data["number"],
        title=data["title"] or paper_title(kind, data["act"]),
        organization=organ,
        base=base,
        data=_what_differs(kind, data, base),
        verify_code=code,
        issued_at=at,
        issued_by_id=by.pk if by else None,
    )


@transaction.atomic
def issue_for(
    *,
    case_id: int,
    kind: str,
    content: Mapping[str, Any],
    by: Any,
    at: datetime,
    organization: Organization | None = None,
) -> Paper:
    """Issue a paper on a case for an app above, such as the notice of a joint case on the case of its lead."""
    case = Case.objects.select_related("department", "acceptance_point", "filed_by").get(pk=case_id)
    return issue(case, kind, content, by=by, organization=organization, at=at)


def _what_differs(kind: str, data: dict[str, Any], base: Paper | None) -> dict[str, Any]:
    """What must be kept of a paper: neither what the first one says already nor what was left empty."""
    fields = KINDS[kind].model.model_fields
    said = {key: value for key, value in (base.data if base else {}).items() if key in PaperContent.model_fields}
    return {
        key: value
        for key, value in data.items()
        if (value != said[key] if key in said else value or fields[key].default)
    }


def verify_url(code: str) -> str:
    """The public address under which a paper or licence is verified; what its QR code says."""
    return f"{settings.PUBLIC_URL}/verify/{code}/"


def workdays_text(n: int | None) -> str:
    """7个工作日; empty when there is no limit."""
    return f"{n}个工作日" if n is not None else ""
