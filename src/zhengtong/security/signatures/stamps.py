"""Time-stamps (RFC 3161) as this app meets them: in a signature, or as a file of their own."""

from datetime import datetime

from django.utils.translation import gettext as _

from zhengtong.security.signatures import cms
from zhengtong.security.signatures.values import Report, Signature


def read_stamp(token: bytes) -> Report:
    return Report("stamp")
