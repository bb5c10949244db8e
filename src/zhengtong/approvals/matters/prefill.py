"""What is known of an applicant, by the paths that form fields name."""

from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.values import Principal

PATHS = (
    "applicant.name",
    "applicant.id_number",
    "applicant.phone",
    "applicant.address",
    "enterprise.name",
    "enterprise.uscc",
    "enterprise.legal_representative",
    "enterprise.phone",
    "enterprise.address",
)
"""Paths a field may be prefilled from. `applicant` is a person, or for phone and address whoever applies."""


def prefill_values(principal: Principal) -> dict[str, str]:
    """Path → value for a person or an enterprise; what is not known is left out."""
    values = {"applicant.phone": principal.phone, "applicant.address": principal.address}
    if principal.kind == "person":
        values |= {"applicant.name": principal.name, "applicant.id_number": principal.id_number}
    else:
        body = accounts.find_enterprise(principal.id_number)
        values |= {
            "enterprise.name": principal.name,
            "enterprise.uscc": principal.id_number,
            "enterprise.phone": principal.phone,
            "enterprise.address": principal.address,
            "enterprise.legal_representative": body.legal_representative if body else "",
        }
    return {path: value for path, value in values.items() if value}
