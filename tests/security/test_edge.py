"""What stands between the product and the network: headers of every page, cookies, foreign pages, odd methods."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from tests.factories import PASSWORD, SmallCounty
from tests.house.test_routes import all_routes

pytestmark = pytest.mark.django_db
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGES = ["/", "/account/login/", "/desk/", "/nothing-here/", "/api/matters", "/api/openapi.json", "/static/ui/ui.css"]


def policy_of(response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, _, values in parts}


@pytest.mark.parametrize("address", PAGES)
def test_every_answer_carries_the_headers(address, client, small_county: SmallCounty):
    response = client.get(address)
    demanded = {name for name in HEADERS if name != "X-Frame-Options" or not address.startswith("/static/")}
    assert {name: response.headers.get(name) for name in demanded} == {name: HEADERS[name] for name in demanded}
    assert "Access-Control-Allow-Origin" not in response.headers
    policy = policy_of(response)
    for directive in ("frame-ancestors", "object-src", "base-uri"):
        assert policy[directive] == "'none'"
    for directive in ("default-src", "script-src", "style-src", "form-action"):
        assert policy[directive] == "'self'"


def test_pages_say_what_they_are(client, small_county):
    for address in PAGES:
        kind = client.get(address).headers.get("Content-Type", "")
        assert kind.startswith(("text/html; charset=utf-8", "application/json", "text/css")), (address, kind)


def test_what_a_signed_in_person_saw_is_in_no_cache(client, signed_in, small_county):
    assert "no-store" in signed_in(small_county.window_officer).get("/desk/").headers["Cache-Control"]
    assert "Cache-Control" not in client.get("/").headers


def test_signing_out_clears_the_browser(signed_in, small_county):
    """It stands on every page of the office, empties the browser, and the old key opens nothing."""
    visitor = signed_in(small_county.window_officer)
    assert "/account/logout/" in visitor.get("/desk/").content.decode()
    key = visitor.cookies["sessionid"].value
    response = visitor.post("/account/logout/")
    assert '"cache"' in response.headers["Clear-Site-Data"]
    visitor.cookies["sessionid"] = key
    assert visitor.get("/desk/").status_code == 302


def test_an_error_tells_a_stranger_nothing(client, small_county):
    connection.check_constraints()  # PostgreSQL alters no table with checks outstanding
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE matters_matter RENAME TO matters_gone")
    client.raise_request_exception = False
    response = client.get("/services/")
    assert response.status_code >= 500
    for told in ("Traceback", "matters_", "SELECT", "OperationalError", "ProgrammingError", "site-packages"):
        assert told not in response.content.decode()


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(client, small_county):
    client.get("/account/login/")
    client.post("/account/login/", {"login": small_county.window_officer.username, "password": PASSWORD})
    client.get("/?ui=elder")
    assert {"sessionid", "csrftoken", "ui"} <= set(client.cookies)
    for name, cookie in client.cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name


def test_what_was_told_waits_in_the_session_and_in_no_cookie(client, signed_in, small_county):
    """ASVS 14.3.3: a message may name a person; the browser keeps none."""
    visitor = signed_in(small_county.county_office)
    assert visitor.post("/account/contact/", {"phone": "13900000000"}).status_code == 302
    assert "刚才的内容没有保存" in visitor.get("/desk/").content.decode()
    visitor.get("/?ui=elder&contrast=high&lang=en")
    assert set(visitor.cookies) <= {"sessionid", "csrftoken", "ui", "contrast", "django_language"}


def test_a_reloaded_session_key_is_long_and_random(client, signed_in, small_county):
    """ASVS 7.2.3: 32 characters of 36 are 165 bits; a key that a visitor brings along is not taken."""
    keys = {signed_in(small_county.window_officer).cookies["sessionid"].value for _n in range(20)}
    assert len(keys) == 20
    assert all(len(key) == 32 and key.isalnum() for key in keys)
    client.cookies["sessionid"] = "a" * 32
    client.post("/account/login/", {"login": small_county.window_officer.username, "password": PASSWORD})
    assert client.cookies["sessionid"].value not in {"a" * 32, ""}


def test_a_page_of_another_site_posts_nothing(small_county):
    visitor = Client(enforce_csrf_checks=True)
    visitor.force_login(small_county.county_office)
    foreign = {"HTTP_ORIGIN": "https://evil.example", "HTTP_REFERER": "https://evil.example/"}
    before = small_county.window_officer.password
    response = visitor.post(f"/authority/{small_county.window_officer.pk}/reset-password/", **foreign)
    assert response.status_code == 403
    small_county.window_officer.refresh_from_db()
    assert small_county.window_officer.password == before


def test_trace_and_connect_do_nothing(client, small_county):
    for address in ("/", "/account/login/", "/api/matters"):
        response = client.generic("TRACE", address, HTTP_X_SECRET="canary")
        assert b"canary" not in response.content


def test_no_folder_is_listed_and_no_history_is_served(client, small_county):
    for address in ("/static/", "/files/", "/.git/config", "/static/../config/settings.py", "/design/../.env"):
        assert client.get(address).status_code in (403, 404), address


def test_no_address_asks_for_a_secret_in_the_query():
    """Passwords, tokens and codes travel in the body (ASVS 14.2.1); the path of a reset letter is a one-time key."""
    assert [a for a, _ in all_routes() if "token=" in a or "password=" in a] == []


BEHIND_TLS = """
import django
django.setup()
from django.conf import settings
from django.test import Client
visitor = Client(HTTP_X_FORWARDED_PROTO="https", HTTP_HOST="zw.example")
answer = visitor.get("/account/login/?ui=elder&contrast=high&lang=en", follow=False)
cookies = answer.cookies
addresses = ("/", "/account/login/", "/nothing-here/", "/api/openapi.json", "/static/ui/ui.css", "/desk/")
print(" ".join({visitor.get(address).headers["Strict-Transport-Security"].replace(" ", "") for address in addresses}))
print(sorted((n, bool(c["secure"]), bool(c["httponly"]), c["samesite"], c["path"], c["domain"]) for n, c in cookies.items()))
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE)
from zhengtong.security.accounts.models import User
print(User.objects.count(), "accounts")
"""


@pytest.mark.process
def test_behind_tls_everything_is_strict(tmp_path: Path, migrated: Path):
    """The settings as a county has them: read afresh in a process of their own."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    environment = {**os.environ, "DATA": str(tmp_path), "ZHENGTONG_HTTPS": "1", "ZHENGTONG_HOSTS": "zw.example"}
    environment.pop("DATABASE_URL", None)
    environment["DJANGO_SETTINGS_MODULE"] = "zhengtong.config.settings"
    done = subprocess.run([sys.executable, "-c", BEHIND_TLS], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    transport, cookies, session, accounts = done.stdout.strip().splitlines()
    assert transport == "max-age=31536000;includeSubDomains", "on every answer, files and errors included"
    names = ["contrast", "csrftoken", "django_language", "ui"]
    assert cookies == str([(f"__Host-{name}", True, True, "Lax", "/", "") for name in names])
    assert session == "__Host-sessionid True"
    assert accounts == "0 accounts"
    kept = tmp_path / "secret.key"
    assert (kept.stat().st_mode & 0o777, len(kept.read_text()) >= 50) == (0o600, True), (
        "no secret ships; each makes its own"
    )


def test_limits_count_the_visitor_and_not_the_proxy(settings, small_county):
    """ASVS 15.3.4: behind a proxy one guesser locks themselves out, not the county; and cannot write another address."""
    settings.TRUSTED_PROXIES = 1

    def tries(count: int, forwarded: str) -> list[int]:
        words = {"number": "SF2026-000000-0", "code": "AAAA-AAAA"}
        headers = {"x-forwarded-for": forwarded}
        return [Client().post("/progress/", words, headers=headers).status_code for _n in range(count)]

    assert 429 in tries(12, "203.0.113.9")
    assert 429 not in tries(2, "203.0.113.10")
    assert set(tries(2, "203.0.113.77, 203.0.113.9")) == {429}, "what a visitor writes before is not read"


def test_programs_are_not_redirected_from_http(client, settings, small_county):
    """ASVS 4.1.2: an interface that is asked without TLS says so at the proxy; the product turns nothing over silently."""
    assert not settings.SECURE_SSL_REDIRECT
    for address in ("/api/matters", "/api/openapi.json", "/.well-known/openid-configuration"):
        assert client.get(address).status_code == 200
    assert client.get("/api/matters/").status_code == 404
