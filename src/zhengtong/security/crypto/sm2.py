"""SM2 (GB/T 32918, GM/T 0009) by the system's OpenSSL, bound with ctypes; no compiler, no foreign package.

Signatures are DER SEQUENCE { r, s } over SM3 with the signer's ID, by default 1234567812345678 (GM/T 0009-2012, 10).
OpenSSL before 4.0 would use an empty ID by default; here it is always set. ctypes releases the interpreter lock
during each call, so signatures run on several cores; every call has its own contexts, keys may be shared by threads.
"""

import ctypes
import ctypes.util
import weakref
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_void_p
from functools import cache
from typing import Any

from zhengtong.security.crypto import der

DEFAULT_ID = b"1234567812345678"
OID_CURVE = "1.2.156.10197.1.301"
OID_SIGNATURE = "1.2.156.10197.1.501"
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_POINT_BYTES = 65
SPKI_HEAD = der.sequence(der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(OID_CURVE)), der.bits(bytes(_POINT_BYTES)))[
    :-_POINT_BYTES
]


class Sm2Error(RuntimeError):
    """The system's OpenSSL is missing or refused an operation."""


_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "EVP_PKEY_CTX_new_from_name": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_new": (c_void_p, (c_void_p, c_void_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_int)),
    "EVP_PKEY_keygen_init": (c_int, (c_void_p,)),
    "EVP_PKEY_generate": (c_int, (c_void_p, POINTER(c_void_p))),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY_is_a": (c_int, (c_void_p, c_char_p)),
    "EVP_MD_fetch": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (c_void_p, c_void_p)),
    "EVP_DigestSignInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestSign": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_DigestVerifyInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_PKEY_encrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_encrypt": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_PKEY_decrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_decrypt": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_PKEY2PKCS8": (c_void_p, (c_void_p,)),
    "PKCS8_PRIV_KEY_INFO_free": (None, (c_void_p,)),
    "i2d_PKCS8_PRIV_KEY_INFO": (c_int, (c_void_p, POINTER(c_void_p))),
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, POINTER(c_char_p), ctypes.c_long)),
    "d2i_PUBKEY": (c_void_p, (c_void_p, POINTER(c_char_p), ctypes.c_long)),
    "i2d_PUBKEY": (c_int, (c_void_p, POINTER(c_void_p))),
    "ERR_clear_error": (None, ()),
}


@cache
def _library() -> Any:
    name = ctypes.util.find_library("crypto")
    if name is None:
        raise Sm2Error("libcrypto is not installed")
    library = ctypes.CDLL(name)
    for function, (result, arguments) in _PROTOTYPES.items():
        try:
            bound = getattr(library, function)
        except AttributeError:
            raise Sm2Error("libcrypto is older than 3.0") from None
        bound.restype, bound.argtypes = result, arguments
    return library


@cache
def _sm3() -> int:
    digest = _library().EVP_MD_fetch(None, b"SM3", None)
    if not digest:
        raise Sm2Error("libcrypto has no SM3")
    return int(digest)


def _demand(result: int) -> None:
    if result <= 0:
        _library().ERR_clear_error()
        raise Sm2Error("OpenSSL refused an SM2 operation")


def _encoded(function: Any, pointer: int) -> bytes:
    """What an i2d function writes, by asking for the size first; the C side writes into our own buffer."""
    size = function(pointer, None)
    _demand(size)
    buffer = ctypes.create_string_buffer(size)
    cursor = c_void_p(ctypes.addressof(buffer))
    _demand(function(pointer, byref(cursor)))
    return buffer.raw[:size]


class _Key:
    """Owns one EVP_PKEY and frees it."""

    def __init__(self, pointer: int) -> None:
        self._pointer = pointer
        weakref.finalize(self, _library().EVP_PKEY_free, pointer)

    def _digest_context(self, signer_id: bytes) -> tuple[int, int]:
        """A digest context with a key context that carries the ID; both must be freed by the caller."""
        library = _library()
        digesting, keyed = library.EVP_MD_CTX_new(), library.EVP_PKEY_CTX_new(self._pointer, None)
        if not digesting or not keyed or library.EVP_PKEY_CTX_set1_id(keyed, signer_id, len(signer_id)) <= 0:
            _free(digesting, keyed)
            raise Sm2Error("OpenSSL has no context for SM2")
        library.EVP_MD_CTX_set_pkey_ctx(digesting, keyed)
        return digesting, keyed

    def _crypt(self, start: Any, run: Any, data: bytes) -> bytes:
        context = _library().EVP_PKEY_CTX_new(self._pointer, None)
        try:
            _demand(start(context))
            size = c_size_t()
            _demand(run(context, None, byref(size), data, len(data)))
            buffer = ctypes.create_string_buffer(size.value)
            _demand(run(context, buffer, byref(size), data, len(data)))
            return buffer.raw[: size.value]
        finally:
            _library().EVP_PKEY_CTX_free(context)


def _free(digesting: int | None, keyed: int | None) -> None:
    # Freeing the digest context leaves the key context alone: it was set from outside.
    _library().EVP_MD_CTX_free(digesting)
    _library().EVP_PKEY_CTX_free(keyed)


class PublicKey(_Key):
    """The open half: verifies and encrypts."""

    @classmethod
    def from_spki(cls, spki: bytes) -> "PublicKey":
        """From SubjectPublicKeyInfo DER with an uncompressed point. ValueError: not SM2 or not a point of the curve."""
        if not spki.startswith(SPKI_HEAD) or len(spki) != len(SPKI_HEAD) + _POINT_BYTES or spki[-_POINT_BYTES] != 4:
            raise ValueError("not an SM2 public key")
        cursor = c_char_p(spki)
        pointer = _library().d2i_PUBKEY(None, byref(cursor), len(spki))
        if not pointer:
            _library().ERR_clear_error()
            raise ValueError("not a point of the SM2 curve")
        key = cls(pointer)
        if not _library().EVP_PKEY_is_a(pointer, b"SM2"):
            raise ValueError("not an SM2 public key")
        return key

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo DER, 91 bytes."""
        return _encoded(_library().i2d_PUBKEY, self._pointer)

    def verify(self, signature: bytes, data: bytes, *, signer_id: bytes = DEFAULT_ID) -> bool:
        """True when `signature` is strict DER with r and s in range and holds for `data` and the ID."""
        try:
            der.read_signature(signature, ORDER)
        except der.NotDer:
            return False
        library = _library()
        digesting, keyed = self._digest_context(signer_id)
        try:
            _demand(library.EVP_DigestVerifyInit(digesting, None, _sm3(), None, self._pointer))
            good = library.EVP_DigestVerify(digesting, signature, len(signature), data, len(data)) == 1
        finally:
            _free(digesting, keyed)
        if not good:
            library.ERR_clear_error()
        return good

    def encrypt(self, data: bytes) -> bytes:
        """Ciphertext as ASN.1 of GM/T 0009 (SM3 inside), for short data such as a key. Refuses empty data."""
        if not data:
            raise ValueError("nothing to encrypt")
        return self._crypt(_library().EVP_PKEY_encrypt_init, _library().EVP_PKEY_encrypt, data)


class PrivateKey(_Key):
    """The secret half: signs and decrypts."""

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key from the system's random numbers."""
        library = _library()
        context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
        try:
            pointer = c_void_p()
            _demand(library.EVP_PKEY_keygen_init(context))
            _demand(library.EVP_PKEY_generate(context, byref(pointer)))
        finally:
            library.EVP_PKEY_CTX_free(context)
        return cls(int(pointer.value or 0))

    @classmethod
    def from_pkcs8(cls, data: bytes) -> "PrivateKey":
        """From unencrypted PKCS#8 DER. ValueError: not an SM2 key."""
        cursor = c_char_p(data)
        pointer = _library().d2i_AutoPrivateKey(None, byref(cursor), len(data))
        if not pointer:
            _library().ERR_clear_error()
            raise ValueError("not a private key")
        key = cls(pointer)
        if not _library().EVP_PKEY_is_a(pointer, b"SM2"):
            raise ValueError("not an SM2 private key")
        return key

    def pkcs8(self) -> bytes:
        """PKCS#8 DER, unencrypted: only ever to be sealed by a key store."""
        info = _library().EVP_PKEY2PKCS8(self._pointer)
        if not info:
            raise Sm2Error("OpenSSL gave no PKCS#8")
        try:
            return _encoded(_library().i2d_PKCS8_PRIV_KEY_INFO, info)
        finally:
            _library().PKCS8_PRIV_KEY_INFO_free(info)

    def public_key(self) -> PublicKey:
        """The open half."""
        return PublicKey.from_spki(_encoded(_library().i2d_PUBKEY, self._pointer))

    def sign(self, data: bytes, *, signer_id: bytes = DEFAULT_ID) -> bytes:
        """DER signature, 70 to 72 bytes, over SM3(Z(ID) ‖ data)."""
        library = _library()
        digesting, keyed = self._digest_context(signer_id)
        try:
            _demand(library.EVP_DigestSignInit(digesting, None, _sm3(), None, self._pointer))
            buffer = ctypes.create_string_buffer(80)
            size = c_size_t(80)
            _demand(library.EVP_DigestSign(digesting, buffer, byref(size), data, len(data)))
            return buffer.raw[: size.value]
        finally:
            _free(digesting, keyed)

    def decrypt(self, data: bytes) -> bytes:
        """What `PublicKey.encrypt` sealed. ValueError: changed, or for another key."""
        try:
            return self._crypt(_library().EVP_PKEY_decrypt_init, _library().EVP_PKEY_decrypt, data)
        except Sm2Error:
            raise ValueError("cannot be decrypted") from None
