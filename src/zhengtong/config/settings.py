"""Settings: one file, every deployment; what differs comes from the environment and has a safe default.

DATA                where the database, files and keys live (default: var/ of the working folder)
DATABASE_URL        postgresql://user:password@host/name; absent: SQLite in DATA
ZHENGTONG_DEMO      1: the demo county; its clock may be moved and its accounts have a printed password
ZHENGTONG_SECRET    signing secret; absent: made once and kept in DATA with mode 600
ZHENGTONG_HOSTS     comma-separated host names the site answers to
ZHENGTONG_URL       the public address printed in QR codes
ZHENGTONG_HTTPS     1: cookies and HSTS for a site behind TLS
ZHENGTONG_PROXIES   proxies before the product that append to X-Forwarded-For; default 1 with ZHENGTONG_HTTPS, else 0
ZHENGTONG_CLAMD     where clamd listens (/run/clamav/clamd.ctl or HOST:PORT): uploads are scanned; absent: they are not
ZHENGTONG_BREACHED_PASSWORDS  file of SHA-1 digests of known passwords, sorted (the form of Pwned Passwords)
ZHENGTONG_STAFF_SECOND_FACTOR             demanded (default) or offered (default in a demo)
ZHENGTONG_STAFF_SECOND_FACTOR_GRACE_DAYS  days after an official's account was opened before it is demanded; default 0
ZHENGTONG_KEY_PASSPHRASE   opens the key files; absent: made once and kept in DATA/keys with mode 600 (a demo)
ZHENGTONG_PKCS11_LIBRARY, ZHENGTONG_PKCS11_TOKEN, ZHENGTONG_PKCS11_PIN   a PKCS#11 device, where the ceremony names one
ZHENGTONG_STAMP_POLICY  object identifier of the time-stamp policy
ZHENGTONG_TIME_SOURCE  what watches over the clock: auto (default), kernel, chrony, file:PATH, none
ZHENGTONG_PROVINCE_ISSUER, _CLIENT_ID, _SECRET   the province's identity platform, where residents may sign in; absent: no such way
ZHENGTONG_PROVINCE_NAME, _AUTHORIZE, _TOKEN, _KEYS, _USERINFO, _SCOPE, _CLAIMS, _LEVELS   how it is called and speaks
ZHENGTONG_VAULT     aes (default) or sm4: the cipher that seals personal values from the next key on
ZHENGTONG_PAYMENT_PROVIDERS   key=dotted.path of the providers that take money, comma-separated; default none (the local one in a demo)
ZHENGTONG_PAYMENT_REFUND_PROVIDERS  key=dotted.path of providers that only give back what came through them; default none
ZHENGTONG_LOCAL_PAYMENT_KEY   shared secret of the local provider; absent: derived from the signing secret
"""

import contextlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

PACKAGE = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DATA") or "var").resolve()
DATA.mkdir(parents=True, exist_ok=True)
DEMO = os.environ.get("ZHENGTONG_DEMO") == "1"
HTTPS = os.environ.get("ZHENGTONG_HTTPS") == "1"
DEBUG = False


def _secret() -> str:
    """The kept secret; made whole and then linked into place, so that two processes starting at once agree on one."""
    kept = DATA / "secret.key"
    if not kept.exists():
        fresh = DATA / f"secret.{os.getpid()}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, kept)
        fresh.unlink()
    return kept.read_text().strip()


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA / "zhengtong.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: an acknowledged acceptance survives a power cut; NORMAL may lose the last commits.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-2000;"
                "PRAGMA temp_store=MEMORY;",
                # No mmap: every thread of every process would map the file, and all of it would count as theirs.
            },
        }
    parts = urlsplit(url)
    host = unquote(parts.hostname or "")
    from urllib.parse import parse_qs

    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [host])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {},
    }


SECRET_KEY = os.environ.get("ZHENGTONG_SECRET") or _secret()
ALLOWED_HOSTS = [h for h in os.environ.get("ZHENGTONG_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",") if h]
ROOT_URLCONF = "zhengtong.config.urls"
WSGI_APPLICATION = "zhengtong.config.wsgi.application"
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "zhengtong.security.vault",
    "zhengtong.foundation.events",
    "zhengtong.foundation.organizations",
    "zhengtong.foundation.calendars",
    "zhengtong.foundation.files",
    "zhengtong.foundation.notices",
    "zhengtong.foundation.search",
    "zhengtong.foundation.worklists",
    "zhengtong.security.pki",
    "zhengtong.security.timestamps",
    "zhengtong.security.audit",
    "zhengtong.security.signatures",
    "zhengtong.security.accounts",
    "zhengtong.security.pmi",
    "zhengtong.approvals.matters",
    "zhengtong.approvals.fees",
    "zhengtong.approvals.cases",
    "zhengtong.approvals.greenway",
    "zhengtong.approvals.ratings",
    "zhengtong.portal.hall",
    "zhengtong.office.desk",
    "zhengtong.oversight.supervision",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.idp.oidc",
]

MIDDLEWARE = [
    "zhengtong.config.middleware.EdgeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "zhengtong.config.middleware.DisplayMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "zhengtong.security.accounts.middleware.SessionMiddleware",
    "zhengtong.config.middleware.RefusalMiddleware",
    "zhengtong.security.pmi.middleware.AuthorizationMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "zhengtong.config.context.house",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "zhengtong.config.templatetags.ui",
            ],
        },
    }
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [PACKAGE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Nothing here is for the pages of others; whitenoise would let every site read it.
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILES_ROOT = DATA / "files"
VAULT_ALGORITHM = os.environ.get("ZHENGTONG_VAULT", "aes")
FILES_MAX_MB = 20
VIRUS_SCANNER = os.environ.get("ZHENGTONG_CLAMD", "")
FILE_UPLOAD_HANDLERS = ["zhengtong.foundation.files.uploads.CheckedUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["zhengtong.security.accounts.backends.AccountBackend"]
PASSWORD_HASHERS = ["zhengtong.security.accounts.hashers.CountyArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "zhengtong.security.accounts.passwords.NotOfThisPlace"},
    {"NAME": "zhengtong.security.accounts.passwords.NotBreached"},
]
BREACHED_PASSWORDS = os.environ.get("ZHENGTONG_BREACHED_PASSWORDS", "")
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/account/welcome/"
LOGOUT_REDIRECT_URL = "/"

# Signing in. One box takes login name, phone, identity number or e-mail (accounts.backends): allauth knows "username" only.
ACCOUNT_ADAPTER = "zhengtong.security.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# So long counts a factor that was shown, before contact data, factors or sessions are changed.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_FORMS = {
    "login": "zhengtong.security.accounts.forms.SignInForm",
    "change_password": "zhengtong.security.accounts.forms.ChangePasswordForm",
    "set_password": "zhengtong.security.accounts.forms.SetPasswordForm",
    "reset_password": "zhengtong.security.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "zhengtong.security.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "zhengtong.security.accounts.forms.PasswordAgainForm",
}
MFA_FORMS = {
    "authenticate": "zhengtong.security.accounts.forms.CodeForm",
    "reauthenticate": "zhengtong.security.accounts.forms.CodeAgainForm",
    "activate_totp": "zhengtong.security.accounts.forms.ActivateTotpForm",
    "add_webauthn": "zhengtong.security.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "zhengtong.security.accounts.forms.EditPasskeyForm",
    "authenticate_webauthn": "zhengtong.security.accounts.forms.PasskeyForm",
    "login_webauthn": "zhengtong.security.accounts.forms.PasskeySignInForm",
    "reauthenticate_webauthn": "zhengtong.security.accounts.forms.PasskeyAgainForm",
}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# What is tried at sign-in is counted in the database: accounts.limits. allauth's own counts, in the cache, stand behind it.
ACCOUNT_RATE_LIMITS = {"login": "600/m/ip", "login_failed": "100/m/ip,20/10m/key", "signup": "60/m/ip"}
# 工作人员须用两种方式验证身份 (GB/T 22239-2019 8.1.4.1 d): demanded, or offered where roles are tried out.
STAFF_SECOND_FACTOR = os.environ.get("ZHENGTONG_STAFF_SECOND_FACTOR") or ("offered" if DEMO else "demanded")
STAFF_SECOND_FACTOR_GRACE_DAYS = int(os.environ.get("ZHENGTONG_STAFF_SECOND_FACTOR_GRACE_DAYS") or 0)
MFA_ADAPTER = "zhengtong.security.accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey is bound to the origin of the page: https, or http://localhost, which browsers trust as well; accounts.forms
# checks it to the letter. This switch of allauth's would let any origin pass.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False


def _pairs(text: str) -> dict[str, str]:
    """`a=b,c=d` as a table."""
    return dict(pair.strip().split("=", 1) for pair in text.split(",") if "=" in pair)


def _province(name: str) -> str:
    return os.environ.get(f"ZHENGTONG_PROVINCE_{name}") or ""


# Signing in through the province's identity platform (accounts.province): without an issuer there is no such way.
PROVINCE: dict[str, Any] = {
    "issuer": _province("ISSUER"),
    "client_id": _province("CLIENT_ID"),
    "secret": _province("SECRET"),
    "name": _province("NAME") or _("湖南省统一身份认证"),
    # Given all three, nothing is discovered.
    "authorize": _province("AUTHORIZE"),
    "token": _province("TOKEN"),
    "keys": _province("KEYS"),
    "userinfo": _province("USERINFO"),
    "scope": _province("SCOPE") or "openid profile",
    # What the platform calls what the county reads, and its levels of proof in the county's terms; what is not named is 1.
    "claims": {
        "number": "id_number",
        "name": "name",
        "phone": "phone_number",
        "level": "acr",
        **_pairs(_province("CLAIMS")),
    },
    "levels": {word: int(level) for word, level in _pairs(_province("LEVELS")).items()},
}
IDP_OIDC_ADAPTER = "zhengtong.security.accounts.adapters.ProviderAdapter"
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN, IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 600, 12 * 3600
MFA_TOTP_ISSUER = "政通"
MFA_TOTP_TOLERANCE = 1
# Shared by the web processes and kept over a restart: allauth counts tries and used one-time codes here.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": DATA / "cache"}}
SESSION_COOKIE_AGE = 8 * 3600
SESSION_IDLE_SECONDS = {"official": 8 * 3600 if DEMO else 900, "resident": 8 * 3600 if DEMO else 1800}

SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# What a person was told ("saved", "signed out") waits in the session, never in a cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
COOKIE_PREFIX = "__Host-" if HTTPS else ""
if HTTPS:
    # No neighbour below the same domain can plant or read them (RFC 6265bis, cookie prefixes).
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-django_language"
    # TLS ends at the proxy, which must set this header itself and drop what a visitor sent.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of the county stand before it, each of which appends the address it saw to X-Forwarded-For: what a
# visitor writes there themselves lies further left and is not read. 0: nobody stands between, the header is ignored.
TRUSTED_PROXIES = int(os.environ.get("ZHENGTONG_PROXIES") or (1 if HTTPS else 0))
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
CSRF_FAILURE_VIEW = "zhengtong.config.views.csrf_failure"

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(DATA / "mail")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = "noreply@shuangfeng.example"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "zhengtong.config.logs.LineFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": os.environ.get("ZHENGTONG_LOG", "WARNING")},
}

# 最高人民法院关于适用… 期间的届满 is debated: the county decides at which hour a working day closes for applicants and staff.
LEGAL_DAY_CLOSES_AT = "24:00"
# 行政许可法 第五十条: a renewal is applied for thirty days before the end; whether working days are meant is an open question.
RENEWAL_APPLY_DAYS = 30
RENEWAL_REMIND_DAYS = 30
COUNTY_DIVISION = "431321"
# 投资项目代码 (GB/T 40058-2021): the algorithm of its check character was not verified; empty checks the layout only.
PROJECT_CODE_CHECK = os.environ.get("ZHENGTONG_PROJECT_CODE_CHECK", "")
# 快速转办: within so many working days of the hand-over a department signs for its branch of a project.
BRANCH_SIGN_WORKDAYS = 1
# Time stamps (RFC 3161). The policy is this product's own identifier (a UUID below 2.25): a county with an arc of its own puts it here.
# `auto` watches the kernel's account of the clock once it has been synchronised; the others refuse stamps from the start without it.
TIMESTAMPS: dict[str, Any] = {
    "policy": os.environ.get("ZHENGTONG_STAMP_POLICY") or "2.25.163558270267265461389154298031768691104",
    "source": os.environ.get("ZHENGTONG_TIME_SOURCE") or "auto",
    "drift_s": 0.5,
    "source_lost_s": 300,
    "accuracy_ms": 1000,
}
# 一窗式: the body whose windows receive any matter of the county.
SERVICE_CENTRE_CODE = "government-service-centre"
# While the audit log has not been written for so long, nothing new is done in the browser (security.audit.gate).
AUDIT_WRITER_SECONDS = int(os.environ.get("ZHENGTONG_AUDIT_WRITER_SECONDS") or 60)
# Who takes money (approvals.fees.providers). The local provider moves none: it is for demonstrations and tests.
LOCAL_PROVIDER = "local=zhengtong.approvals.fees.providers.local.LocalProvider"
PAYMENT_PROVIDERS: dict[str, str] = dict(
    named.strip().split("=", 1)
    for named in (os.environ.get("ZHENGTONG_PAYMENT_PROVIDERS") or (LOCAL_PROVIDER if DEMO else "")).split(",")
    if "=" in named
)
# Providers that take no money any more, and still give back what came through them.
PAYMENT_REFUND_PROVIDERS: dict[str, str] = dict(
    named.strip().split("=", 1)
    for named in (os.environ.get("ZHENGTONG_PAYMENT_REFUND_PROVIDERS") or "").split(",")
    if "=" in named
)
LOCAL_PAYMENT_KEY = (
    os.environ.get("ZHENGTONG_LOCAL_PAYMENT_KEY")
    or hmac.new(SECRET_KEY.encode(), b"local payment provider", "sha256").hexdigest()
)
# What QR codes on papers point to.
PUBLIC_URL = os.environ.get("ZHENGTONG_URL", "http://127.0.0.1:8000").rstrip("/")
COUNTY_NAME = _("双峰县人民政府")
