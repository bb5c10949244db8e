"""The door of audit: record a read of personal data, verify the chain, say what concerns a person."""

from zhengtong.security.audit.operations import record_read
from zhengtong.security.audit.queries import label_of, reads_about, trail, verify
from zhengtong.security.audit.values import CONCERNS, ReadRow, Verification, concerns

__all__ = [
    "CONCERNS",
    "ReadRow",
    "Verification",
    "concerns",
    "label_of",
    "reads_about",
    "record_read",
    "trail",
    "verify",
]
