"""政通 as the place where department systems sign people in: OpenID Connect with the strict half of what it allows.

allauth's provider does the protocol; before it stand the rules it leaves open: only the code grant, PKCE with S256 from
every client, redirect addresses equal to the letter, one use of every code and refresh token on whichever worker, and the
end of everything a client holds for a person when one comes back (RFC 9700 2.1.1, 4.1.3, 4.14.2). Imported when first
asked for: the protocol's libraries cost memory that most processes never need.
"""

import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.core.internal.httpkit import extract_basic_auth
from allauth.idp.oidc import views
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel.errors import Invalid, NotAllowed
from zhengtong.security.accounts import clients, operations

ONCE = ("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class _Redirect(HttpResponseRedirect):
    """Back to a client at an address that was registered, whatever its scheme."""

    def __init__(self, address: str) -> None:
        type(self).allowed_schemes = [urlsplit(address).scheme]
        super().__init__(address)


def authorize(request: HttpRequest) -> HttpResponse:
    """The consent page, and the way back to the client. Refuses (a page, never a redirect) an unknown client and any
    redirect address that is not registered letter by letter; other faults go back to the client.
    """
    if request.method == "GET":
        refused = _refuse_request(request)
        if refused is not None:
            return refused
    elif "request" not in request.POST:
        raise Invalid(_("请从要登录的系统重新开始。"))
    response = views.authorization(request)
    back = urlsplit(request.GET.get("redirect_uri", ""))
    if back.netloc:  # the browser holds the form's own policy against the redirect that follows it
        response._csp_update = {"form-action": f"{back.scheme}://{back.netloc}"}
    return response


def _refuse_request(request: HttpRequest) -> HttpResponse | None:
    asked = request.GET
    if any(len(asked.getlist(name)) > 1 for name in ONCE) or "request" in asked or "request_uri" in asked:
        raise Invalid(_("登录请求的参数不对。请联系要登录的系统的管理员。"))
    client = Client.objects.filter(pk=asked.get("client_id", "")).first()
    if client is None or asked.get("redirect_uri", "") not in client.get_redirect_uris():
        raise Invalid(_("要登录的系统没有登记，或者返回地址与登记的不一致，已拒绝。请联系那个系统的管理员。"))
    fault = _fault_of(request)
    if fault:
        words = {"error": fault[0], "error_description": fault[1], "state": asked.get("state", "")}
        joint = "&" if "?" in asked["redirect_uri"] else "?"
        return _Redirect(f"{asked['redirect_uri']}{joint}{urlencode({k: v for k, v in words.items() if v})}")
    user: Any = request.user
    if user.is_authenticated and not user.is_official and (client.data or {}).get("who") != clients.EVERYBODY:
        raise NotAllowed(_("这个系统只供工作人员登录。"))
    return None


def _fault_of(request: HttpRequest) -> tuple[str, str] | None:
    asked = request.GET
    if asked.get("response_type") != "code":
        return "unsupported_response_type", "only the authorization code grant"
    if asked.get("response_mode", "query") != "query":
        return "invalid_request", "response_mode must be query"
    if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        return "invalid_request", "PKCE with S256 is required"
    if "none" in asked.get("prompt", "").split():
        return "interaction_required", "a person must agree"
    return None


def token(request: HttpRequest) -> HttpResponse:
    """Codes and refresh tokens for tokens; each is good once. A second use ends all the client holds for the person."""
    grant = request.POST.get("grant_type", "")
    kind = {"authorization_code": "code", "refresh_token": "refresh_token"}.get(grant)
    if request.method != "POST" or kind is None:
        return _problem("unsupported_grant_type")
    value, client_id = request.POST.get(kind, ""), _client_id(request)
    held = Token.objects.filter(client_id=client_id).lookup(Token.Type.REFRESH_TOKEN, value)
    holder = f"{client_id} {held.user_id}" if held else f"{client_id} "
    if not operations.use_once(kind=kind, value=f"{client_id} {value}", holder=holder, at=official_now()):
        clients.end_family(kind=kind, value=f"{client_id} {value}", at=official_now())
        return _problem("invalid_grant")
    response = views.token(request)
    if response.status_code != 200:
        if response.status_code == 401 or kind == "refresh_token":  # not this client's doing: its token stays good
            operations.unuse(kind=kind, value=f"{client_id} {value}")
        return response
    return _issued(response, client_id, kind, f"{client_id} {value}")


def _issued(response: HttpResponse, client_id: str, kind: str, value: str) -> HttpResponse:
    """Remember for whom; keep the refresh token from clients that were not given that right."""
    said = json.loads(response.content)
    issued = Token.objects.lookup(Token.Type.ACCESS_TOKEN, said["access_token"])
    operations.name_holder(kind=kind, value=value, holder=f"{client_id} {issued.user_id if issued else ''}")
    client = Client.objects.get(pk=client_id)
    if "refresh_token" in said and Client.GrantType.REFRESH_TOKEN not in client.get_grant_types():
        Token.objects.by_value(said.pop("refresh_token")).delete()
        said.pop("refresh_expires_in", None)
    answer = JsonResponse(said)
    answer["Cache-Control"], answer["Pragma"] = "no-store", "no-cache"
    return answer


def _client_id(request: HttpRequest) -> str:
    named = extract_basic_auth(request.headers)[0] or request.POST.get("client_id", "")
    return str(named)[:100]


def _problem(error: str) -> HttpResponse:
    answer = JsonResponse({"error": error}, status=400)
    answer["Cache-Control"] = "no-store"
    return answer


def configuration(request: HttpRequest) -> HttpResponse:
    """What a client has to know (OpenID Connect Discovery 3): only what is really offered."""
    base = settings.PUBLIC_URL
    answer = JsonResponse(
        {
            "issuer": base,
            **{
                f"{name}_endpoint": base + reverse(f"idp:oidc:{address}")
                for name, address in (
                    ("authorization", "authorization"),
                    ("token", "token"),
                    ("userinfo", "userinfo"),
                    ("revocation", "revoke"),
                )
            },
            "jwks_uri": base + reverse("idp:oidc:jwks"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": ["openid", "profile"],
            "claims_supported": ["sub", "name", "department", "assurance_level"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def revoke(request: HttpRequest) -> HttpResponse:
    """End a token of one's own. A token of another client is nothing to this one, and it is not told so. RFC 7009 2.1."""
    held = Token.objects.by_value(request.POST.get("token", "")).first()
    if held is not None and held.client_id != _client_id(request):
        return HttpResponse()
    response: HttpResponse = views.revoke(request)
    return response


jwks, user_info = views.jwks, views.user_info
