"""The door of audit: record a read of personal data, verify the chain, say what concerns a person."""

from zhengtong.security.audit.operations import record_read
from zhengtong.security.audit.queries import label_of, last_checkpoint, reads_about, trail, verify
from zhengtong.security.audit.values import CONCERNS, RECEIPTED, ReadRow, Verification, concerns, receipted

__all__ = [
    "CONCERNS",
    "RECEIPTED",
    "ReadRow",
    "Verification",
    "concerns",
    "label_of",
    "last_checkpoint",
    "reads_about",
    "receipted",
    "record_read",
    "trail",
    "verify",
]
