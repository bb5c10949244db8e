"""The door of audit: record a read of personal data, verify the chain, say what concerns a person, be the writer."""

from zhengtong.security.audit.operations import record_read
from zhengtong.security.audit.presence import Presence, somebody_writes
from zhengtong.security.audit.queries import label_of, last_checkpoint, read_rows, reads_about, trail, verify
from zhengtong.security.audit.signing import WEB, WORKER, acting_as
from zhengtong.security.audit.values import CONCERNS, RECEIPTED, ReadRow, Verification, concerns, receipted

__all__ = [
    "CONCERNS",
    "RECEIPTED",
    "WEB",
    "WORKER",
    "Presence",
    "ReadRow",
    "Verification",
    "acting_as",
    "concerns",
    "label_of",
    "last_checkpoint",
    "read_rows",
    "reads_about",
    "receipted",
    "record_read",
    "somebody_writes",
    "trail",
    "verify",
]
