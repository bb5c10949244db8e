"""A province of our own for tests: a program on this machine that speaks OpenID Connect, with its own keys and no code of the product.

    python province_process.py [PEOPLE.json]        prints its address, then serves until it is stopped

Its sign-in page lists the people of the file; a test posts any claims to it instead. It checks what a strict platform checks
(client, secret, redirect address, PKCE, one use of a code), and on demand it cheats: the field `trick` names how.
"""

import base64
import hashlib
import hmac
import html
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT, SECRET = "zhengtong-431321", "s3cret of the county: %+&"
PAGE = """<!doctype html><html lang="zh"><head><title>省统一身份认证（测试）</title></head><body><main><h1>省统一身份认证（测试）</h1>
<form method="post" action="/authorize"><input type="hidden" name="request" value="{request}">{buttons}
<button name="trick" value="cancel">取消</button></form></main></body></html>"""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Keys:
    """A pair of signing keys, and one nobody has heard of."""

    def __init__(self) -> None:
        self.ec, self.stranger = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = secrets.token_hex(4)

    def published(self) -> dict[str, Any]:
        point, modulus = self.ec.public_key().public_numbers(), self.rsa.public_key().public_numbers()
        named = {"use": "sig", "kid": self.name}
        return {
            "keys": [
                {**named, "kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)},
                {**named, "kty": "RSA", "n": number(modulus.n), "e": number(modulus.e), "alg": "RS256"},
                {"kty": "oct", "kid": self.name, "k": "c2hhcmVk"},
                {"kty": "ML-DSA", "kid": "of-tomorrow"},
            ]
        }

    def signed(self, claims: dict[str, Any], trick: str) -> str:
        algorithm = {"rsa": "RS256", "alg_none": "none", "hs256_public": "HS256"}.get(trick, "ES256")
        header: dict[str, Any] = {"alg": algorithm, "kid": self.name}
        if trick == "unknown_kid":
            header["kid"] = "another"
        if trick == "crit":
            header |= {"crit": ["x"], "x": 1}
        text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{text}.{b64(self._signature(text.encode(), trick))}"

    def _signature(self, text: bytes, trick: str) -> bytes:
        if trick == "alg_none":
            return b""
        if trick == "rsa":
            return self.rsa.sign(text, padding.PKCS1v15(), hashes.SHA256())
        if trick == "hs256_public":
            public = self.rsa.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            return hmac.digest(public, text, "sha256")
        key = self.stranger if trick == "stranger" else self.ec
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Province(BaseHTTPRequestHandler):
    """The platform."""

    keys, issuer = Keys(), ""
    people: dict[str, dict[str, Any]] = {}
    codes: dict[str, dict[str, Any]] = {}
    opened: dict[str, dict[str, Any]] = {}
    discovery: dict[str, Any] = {}

    def log_message(self, *words: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self.say(self.document())
        elif parts.path == "/jwks":
            self.say(self.keys.published())
        elif parts.path == "/authorize":
            buttons = "".join(
                f'<p><button name="person" value="{html.escape(json.dumps(claims))}">{html.escape(who)}</button></p>'
                for who, claims in self.people.items()
            )
            page = PAGE.format(request=html.escape(parts.query), buttons=buttons)
            self.answer(200, page.encode(), "text/html; charset=utf-8")
        elif parts.path == "/userinfo":
            token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
            self.say(self.opened.get(token, {}), 200 if token in self.opened else 401)
        else:
            self.say({}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        given = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path == "/authorize":
            self.authorize(given)
        elif self.path == "/token":
            self.token(given)
        elif self.path == "/control":
            Province.discovery = json.loads(given.get("discovery", "{}"))
            if "turn" in given:
                Province.keys = Keys()
            self.say({})

    def document(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": True,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return {**found, **self.discovery}

    def authorize(self, given: dict[str, str]) -> None:
        asked = {name: values[0] for name, values in parse_qs(given["request"]).items()}
        trick = given.get("trick", "")
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        said = {"state": asked["state"], "iss": "https://evil.example" if trick == "mix_up" else self.issuer}
        if trick == "no_iss":
            del said["iss"]
        if trick == "cancel":
            said["error"] = "access_denied"
        else:
            said["code"] = secrets.token_urlsafe(24)
            person = json.loads(given["person"])
            self.codes[said["code"]] = {"asked": asked, "person": person, "trick": trick}
        self.send_response(303)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(said)}")
        self.end_headers()

    def token(self, given: dict[str, str]) -> None:
        held = self.codes.pop(given.get("code", ""), None)
        if held is None or not self.is_the_client(given):
            return self.say({"error": "invalid_grant"}, 400)
        asked, trick = held["asked"], held["trick"]
        challenge = b64(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        if challenge != asked["code_challenge"] or given["redirect_uri"] != asked["redirect_uri"]:
            return self.say({"error": "invalid_grant"}, 400)
        if trick == "broken":
            return self.answer(200, b"<html>", "text/html")
        if trick == "leads_elsewhere":
            self.send_response(307)
            self.send_header("Location", f"{self.issuer}/jwks")
            return self.end_headers()
        if trick == "server_error":
            return self.say({}, 500)
        claims = self.claims(asked, held["person"], trick)
        access = secrets.token_urlsafe(24)
        self.opened[access] = {"sub": claims.get("sub")}
        if trick.startswith("userinfo"):
            apart = {name: claims.pop(name) for name in ("id_number", "name", "phone_number") if name in claims}
            self.opened[access] = {"sub": "another" if trick == "userinfo_other" else claims["sub"], **apart}
            right = b64(hashlib.sha256(access.encode()).digest()[:16])
            claims["at_hash"] = "AAAA" if trick == "userinfo_hash" else right
        answer = {"access_token": access, "token_type": "Bearer", "id_token": self.keys.signed(claims, trick)}
        if trick == "no_id_token":
            del answer["id_token"]
        return self.say(answer)

    def is_the_client(self, given: dict[str, str]) -> bool:
        sent = (self.headers["Authorization"] or "").removeprefix("Basic ")
        if not sent:
            return (given.get("client_id"), given.get("client_secret")) == (CLIENT, SECRET)
        name, _, secret = base64.b64decode(sent).decode().partition(":")
        return (unquote(name), unquote(secret)) == (CLIENT, SECRET)

    def claims(self, asked: dict[str, str], person: dict[str, Any], trick: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **person}
        changes: dict[str, dict[str, Any]] = {
            "wrong_issuer": {"iss": "https://evil.example"},
            "wrong_audience": {"aud": "another-county"},
            "two_audiences": {"aud": [CLIENT, "another-county"]},
            "other_party": {"azp": "another-county"},
            "expired": {"exp": now - 120},
            "exp_words": {"exp": "never"},
            "old": {"iat": now - 3600},
            "future": {"iat": now + 3600},
            "not_yet": {"nbf": now + 3600},
            "wrong_nonce": {"nonce": "of another try"},
            "no_nonce": {"nonce": None},
            "no_subject": {"sub": ""},
        }
        return {name: value for name, value in (claims | changes.get(trick, {})).items() if value is not None}

    def say(self, what: dict[str, Any], status: int = 200) -> None:
        self.answer(status, json.dumps(what).encode(), "application/json")

    def answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    if len(sys.argv) > 1:
        Province.people = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Province)
    Province.issuer = f"http://127.0.0.1:{server.server_port}"
    print(Province.issuer, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
