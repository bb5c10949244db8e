"""Department systems that sign people in here: registering them, closing them, ending what they hold."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.security.accounts import operations
from zhengtong.security.accounts.events import ClientClosed, ClientRegistered, ConsentTakenBack, TokensEnded
from zhengtong.security.accounts.models import PairwiseSubject, UsedOnce, User

OFFICIALS, EVERYBODY = "officials", "everybody"


def all_clients() -> QuerySet[Client]:
    """Every registered system, by name."""
    return Client.objects.order_by("name", "pk")


@transaction.atomic
def register(
    *, name: str, addresses: Sequence[str], who: str, refresh: bool, by: User, at: datetime
) -> tuple[Client, str]:
    """A system that may ask who somebody is; returns it with its secret, which is kept only as a hash.

    `addresses` are where people are sent back to, compared letter by letter. Refuses (`Invalid`) a missing name and any
    address that is not a plain https one (http only on the machine itself). RFC 9700 2.1.
    """
    errors: dict[str, str] = {}
    if not name.strip():
        errors["name"] = _("请填写系统名称。")
    if not addresses or any(not _may_return_to(address) for address in addresses):
        errors["addresses"] = _("返回地址须是完整的https地址，不带#号、通配符和用户名，每行一个。")
    if who not in (OFFICIALS, EVERYBODY):
        errors["who"] = _("请选择谁可以登录。")
    if errors:
        raise Invalid(next(iter(errors.values())), fields=errors)
    secret = secrets.token_urlsafe(32)
    client = Client(name=name.strip()[:100], type=Client.Type.CONFIDENTIAL, owner=None, data={"who": who, "by": by.pk})
    client.set_redirect_uris(list(addresses))
    client.set_scopes(["openid", "profile"])
    client.set_default_scopes(["openid"])
    grants = [Client.GrantType.AUTHORIZATION_CODE, *([Client.GrantType.REFRESH_TOKEN] if refresh else [])]
    client.set_grant_types([str(grant) for grant in grants])
    client.set_response_types(["code"])
    client.set_secret(secret)
    client.save(force_insert=True)
    events.publish(ClientRegistered(client_id=client.pk, actor_id=by.pk), at=at)
    return client, secret


def _may_return_to(address: str) -> bool:
    parts = urlsplit(address)
    here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    plain = not parts.fragment and "#" not in address and "*" not in address and "@" not in parts.netloc
    whole = bool(parts.hostname) and ".." not in parts.path and "\\" not in address and address.isprintable()
    return (parts.scheme == "https" or here) and plain and whole


@transaction.atomic
def close(*, client_id: str, by: User, at: datetime) -> None:
    """The system may no longer ask; its tokens end at once. Raises `NotFound`."""
    client = Client.objects.filter(pk=client_id).first()
    if client is None:
        raise NotFound(_("没有这个接入系统，或者它已经停用。"))
    client.delete()
    events.publish(ClientClosed(client_id=client_id, actor_id=by.pk), at=at)


@transaction.atomic
def end_family(*, kind: str, value: str, at: datetime) -> None:
    """Something good for one use came back: all the client holds for that person ends. RFC 9700 4.14.2."""
    used = UsedOnce.objects.filter(key=operations.once_key(kind, value)).first()
    client_id, _space, user_id = used.holder.partition(" ") if used else ("", "", "")
    if not user_id:
        return
    Token.objects.filter(client_id=client_id, user_id=int(user_id)).delete()
    events.publish(TokensEnded(client_id=client_id, user_id=int(user_id)), at=at)


@transaction.atomic
def take_back(*, client_id: str, user: User, at: datetime) -> None:
    """The person no longer agrees: all that the system holds for them ends. Raises `NotFound` when it holds nothing."""
    if not Token.objects.filter(client_id=client_id, user_id=user.pk).delete()[0]:
        raise NotFound(_("这个系统没有您的授权，或者授权已经失效。"))
    events.publish(ConsentTakenBack(client_id=client_id, user_id=user.pk, actor_id=user.pk), at=at)


def subject_of(client: Client, user: Any) -> str:
    """The opaque name of `user` for this client alone, made on first use."""
    fresh = {"subject": secrets.token_urlsafe(32)}
    row = PairwiseSubject.objects.get_or_create(client_id=client.pk, user=user, defaults=fresh)[0]
    return row.subject


def user_of(client: Client, subject: str) -> User | None:
    """Whom the client knows by that name, while the account is open."""
    row = PairwiseSubject.objects.filter(client_id=client.pk, subject=subject, user__is_active=True).first()
    return row.user if row else None


def signing_key() -> str:
    """The PEM of the key that signs what clients are told; made once and kept in DATA/keys with mode 600."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    kept = settings.DATA / "keys" / "oidc.pem"
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        operations.keep_once(kept, pem)
    return str(kept.read_text(encoding="ascii"))
