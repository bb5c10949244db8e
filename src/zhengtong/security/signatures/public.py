"""The door of signatures: sign a PDF or an answer, verify any file, say what the register knows."""

from zhengtong.security.signatures.operations import enter, renew_archives
from zhengtong.security.signatures.queries import signed
from zhengtong.security.signatures.refusals import CannotSign
from zhengtong.security.signatures.screens import drawn
from zhengtong.security.signatures.signing import sign_json, sign_pdf
from zhengtong.security.signatures.values import KEEPERS, POSTS, Keeper, Official, Report, Signature, Signed
from zhengtong.security.signatures.verifying import verify as verify_file
from zhengtong.security.signatures.verifying import verify_json

__all__ = [
    "KEEPERS",
    "POSTS",
    "CannotSign",
    "Keeper",
    "Official",
    "Report",
    "Signature",
    "Signed",
    "drawn",
    "enter",
    "renew_archives",
    "sign_json",
    "sign_pdf",
    "signed",
    "verify_file",
    "verify_json",
]
