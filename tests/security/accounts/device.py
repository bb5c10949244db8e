"""A passkey in software: what a browser and a device would send, with every word of it free to be wrong."""

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One key of one person at one name."""

    rp_id: str
    origin: str
    count: int = 0
    flags: int = PRESENT | VERIFIED
    identity: bytes = b"a passkey of the tests"
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def _said(self, kind: str, challenge: str, more: dict[str, Any]) -> bytes:
        words = {"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(words | more).encode()

    def register(self, challenge: str, **more: Any) -> str:
        """The answer to `navigator.credentials.create`."""
        public = AttestedCredentialData.create(
            b"\0" * 16, self.identity, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self.flags | ATTESTED, self.count, public)
        response = {
            "clientDataJSON": websafe_encode(self._said("create", challenge, more)),
            "attestationObject": websafe_encode(bytes(AttestationObject.create("none", data, {}))),
        }
        return self._credential(response, {"credProps": {"rk": True}})

    def sign(self, challenge: str, holder: bytes, **more: Any) -> str:
        """The answer to `navigator.credentials.get`."""
        data = bytes(AuthenticatorData.create(sha256(self.rp_id.encode()), self.flags, self.count))
        said = self._said("get", challenge, more)
        response = {
            "clientDataJSON": websafe_encode(said),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.key.sign(data + sha256(said), ec.ECDSA(hashes.SHA256()))),
            "userHandle": websafe_encode(holder),
        }
        return self._credential(response, {})

    def _credential(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.identity)
        words = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": extensions}
        return json.dumps({**words, "response": response})
