"""The door of timestamps: stamp a digest, check a stamp, register what waits for stamps."""

from zhengtong.security.timestamps.operations import STAMPERS, stamp, stamp_pending, stamper
from zhengtong.security.timestamps.refusals import StampNotGenuine, StampUnavailable
from zhengtong.security.timestamps.values import StampInfo
from zhengtong.security.timestamps.verification import said, verify

__all__ = [
    "STAMPERS",
    "StampInfo",
    "StampNotGenuine",
    "StampUnavailable",
    "said",
    "stamp",
    "stamp_pending",
    "stamper",
    "verify",
]
