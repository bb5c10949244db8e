"""Algorithms: SM2, SM3, SM4 and P-256 behind one interface, and a small DER writer. No models, no settings.

    from zhengtong.security.crypto import keys, sm3
    signer = keys.generate("sm2")
    signature = signer.sign(b"text")
    assert keys.verify(signer.spki, signature, b"text")

OpenSSL's SM2 is not a certified cryptographic product (商用密码产品认证); where the law demands one, a certified module
stands behind the same `Signer` interface.
"""

from zhengtong.security.crypto.sm3 import sm3

__all__ = ["sm3"]
