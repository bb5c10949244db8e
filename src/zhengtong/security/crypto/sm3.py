"""SM3 (GB/T 32905-2016): the hash of 32 bytes, and HMAC with it."""

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes

_NATIVE = "sm3" in hashlib.algorithms_available


def sm3(data: bytes) -> bytes:
    """The 32 bytes of SM3 over `data`; by the system's OpenSSL where Python knows it, else by `cryptography`."""
    if _NATIVE:
        return hashlib.new("sm3", data).digest()
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """HMAC-SM3, 32 bytes."""
    if _NATIVE:
        return hmac.digest(key, data, "sm3")
    from cryptography.hazmat.primitives.hmac import HMAC

    mac = HMAC(key, hashes.SM3())
    mac.update(data)
    return mac.finalize()
