"""Which keys sign a paper: the department's, in both algorithms, and the official's who decided."""

from typing import Any, Final

from zhengtong.security.pki import public as pki
from zhengtong.security.signatures.values import Key

DEPARTMENT: Final = ("department-sm2", "department-p256")
OFFICIAL: Final = "official-p256"
def keys_for(department, official, at) -> list[Key]:
    """STUB"""
    found = []
    for field, a in zip(DEPARTMENT, ("sm2", "p256")):
        k, c = pki.leaf(department.name, a)
        found.append(Key(field, a, department.name, "签发", c, (), k.sign))
    return found
def county_keys():
    from types import SimpleNamespace as N
    return keys_for(N(name="双峰县"),None,None)
def stamp_at_hand():
    return None
