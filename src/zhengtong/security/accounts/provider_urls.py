"""Addresses where department systems sign people in; their names are those allauth's provider asks for.

The two under /.well-known/ are given by OpenID Connect Discovery 4 and RFC 8615.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from zhengtong.kernel import access


def _late(name: str, *, from_programs: bool = True) -> Callable[..., HttpResponse]:
    """The view `name` of the provider, imported when first asked for; programs bring no CSRF token but a secret."""

    @access.public
    def view(request: HttpRequest, **given: Any) -> HttpResponse:
        from zhengtong.security.accounts import provider

        answer: HttpResponse = getattr(provider, name)(request, **given)
        return answer

    return csrf_exempt(view) if from_programs else view


_oidc = [
    path(".well-known/openid-configuration", _late("configuration"), name="configuration"),
    path(".well-known/jwks.json", _late("jwks"), name="jwks"),
    path("identity/authorize/", _late("authorize", from_programs=False), name="authorization"),
    path("identity/token/", _late("token"), name="token"),
    path("identity/revoke/", _late("revoke"), name="revoke"),
    path("identity/userinfo/", _late("user_info"), name="userinfo"),
]
urlpatterns = [path("", include(([path("", include((_oidc, "oidc")))], "idp")))]
