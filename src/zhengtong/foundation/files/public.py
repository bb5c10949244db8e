"""The door of files."""

from zhengtong.foundation.files.inspection import ALLOWED
from zhengtong.foundation.files.models import Attachment
from zhengtong.foundation.files.operations import erase, keep_bytes, receive, remove
from zhengtong.foundation.files.queries import attachments_of, get_for, open_
from zhengtong.foundation.files.refusals import CannotReceiveFile, FileTooLarge, FileTypeNotAllowed
from zhengtong.foundation.files.rules import can_read, register_reader
from zhengtong.foundation.files.scanning import answers as scanner_answers
from zhengtong.foundation.files.storage import outdated, register_cipher, seal_anew

__all__ = [
    "ALLOWED",
    "Attachment",
    "CannotReceiveFile",
    "FileTooLarge",
    "FileTypeNotAllowed",
    "attachments_of",
    "can_read",
    "erase",
    "get_for",
    "keep_bytes",
    "open_",
    "outdated",
    "receive",
    "register_cipher",
    "register_reader",
    "remove",
    "scanner_answers",
    "seal_anew",
]
