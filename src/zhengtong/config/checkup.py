"""What makes a deployment safe and sound, one question per function: how it stands and what to mend.

`zhengtong doctor` prints them. A question that cannot be answered (no database, no right to look) is a fault itself.
"""

import ctypes
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils import timezone

from zhengtong.config.processes import WORKER_SIGN

FINE, CARE, FAULT = "fine", "care", "fault"
WORKER_SILENT_SECONDS = 60
WAITS_TOO_LONG = timedelta(minutes=10)
LEAST_FREE_BYTES, LEAST_FREE_SHARE, SCARCE_SHARE = 1024**3, 0.05, 0.15
BACKUP_MAY_BE_OLD = timedelta(hours=26)
CLOCK_MAY_LAG = timedelta(minutes=2)
LOCAL_NAMES = {"127.0.0.1", "localhost", "[::1]", "testserver"}


@dataclass(frozen=True)
class Finding:
    """One answer: `level` is fine, care (may be meant so) or fault; `mend` says what to do about it."""

    key: str
    level: str
    said: str
    mend: str = ""


Question = Callable[[], Finding]
QUESTIONS: dict[str, Question] = {}


def question(key: str) -> Callable[[Question], Question]:
    """Register a question under its name."""

    def register(ask: Question) -> Question:
        QUESTIONS[key] = ask
        return ask

    return register


def examine() -> Iterator[Finding]:
    """Ask every question; one that breaks is a fault and does not stop the others."""
    for key, ask in QUESTIONS.items():
        try:
            yield ask()
        except Exception as error:
            yield Finding(
                key,
                FAULT,
                f"“{key}”一项检查不了（{type(error).__name__}）。",
                "先解决数据库和目录权限问题，再运行一次。",
            )


def _stricter(key: str, said: str, mend: str) -> Finding:
    """A fault in use, something to know in the demo county."""
    return Finding(key, CARE if settings.DEMO else FAULT, said, mend)


# --- Configuration -------------------------------------------------------------------------------------------------


@question("demo")
def demo() -> Finding:
    """The demo county prints its passwords and lets its clock be moved."""
    if settings.DEMO:
        return Finding(
            "demo", CARE, "演示模式：账号密码公开，时钟可以拨动。", "正式使用时去掉ZHENGTONG_DEMO，换新的DATA目录。"
        )
    return Finding("demo", FINE, "不是演示模式。")


@question("debug")
def debug() -> Finding:
    """No traces for strangers."""
    if settings.DEBUG:
        return Finding("debug", FAULT, "调试模式开着，出错页面会泄露内部信息。", "把DEBUG设为False。")
    return Finding("debug", FINE, "调试模式已关闭。")


@question("secret")
def secret() -> Finding:
    """Long enough to guess at for ever (as Django's security.W009)."""
    kept = settings.SECRET_KEY
    if len(kept) < 50 or len(set(kept)) < 10:
        return Finding(
            "secret", FAULT, "签名密钥太短或太简单。", "删除ZHENGTONG_SECRET，让程序自己生成；或用50位以上的随机文本。"
        )
    return Finding("secret", FINE, "签名密钥足够长。")


@question("hosts")
def hosts() -> Finding:
    """Which names the site answers to."""
    if any(name == "*" or name.startswith(".") for name in settings.ALLOWED_HOSTS):
        return Finding("hosts", FAULT, "对任何主机名都应答。", "ZHENGTONG_HOSTS只写本站的域名，用逗号分开。")
    if set(settings.ALLOWED_HOSTS) <= LOCAL_NAMES:
        return _stricter("hosts", "只对本机的名字应答。", "把本站的域名写进ZHENGTONG_HOSTS。")
    return Finding("hosts", FINE, f"应答的主机名：{'、'.join(settings.ALLOWED_HOSTS)}。")


@question("https")
def https() -> Finding:
    """Cookies and HSTS for a site behind TLS, and an address on papers that begins with it."""
    if not (settings.HTTPS and settings.SESSION_COOKIE_SECURE and settings.SECURE_HSTS_SECONDS >= 31536000):
        return _stricter(
            "https", "没有按HTTPS运行：Cookie会明文传送，也没有HSTS。", "放在TLS代理之后，设ZHENGTONG_HTTPS=1。"
        )
    if not settings.PUBLIC_URL.startswith("https://"):
        return Finding("https", FAULT, "文书二维码上的地址不是https。", "把ZHENGTONG_URL改成https://开头的正式地址。")
    return Finding("https", FINE, "HTTPS、安全Cookie和HSTS已启用。")


@question("tls")
def tls() -> Finding:
    """The public address speaks TLS as a browser may rely on, with a certificate that browsers know (ASVS 12.1, 12.2)."""
    from zhengtong.config import transport

    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme != "https" or not parts.hostname:
        return _stricter("tls", "公开地址不是https，无法检查TLS。", "把ZHENGTONG_URL改成https://开头的正式地址。")
    try:
        faults = transport.faults_of(parts.hostname, parts.port or 443, now=timezone.now())
    except OSError as error:
        said = f"从本机连不上{parts.netloc}（{type(error).__name__}），TLS没有检查。"
        return Finding("tls", CARE, said, "在能访问公开地址的机器上再运行一次zhengtong doctor。")
    if faults:
        return Finding("tls", FAULT, f"{parts.netloc}的TLS有{len(faults)}个问题。", "".join(faults))
    return Finding("tls", FINE, f"{parts.netloc}只用TLS 1.2和1.3，证书可信。")


@question("proxies")
def proxies() -> Finding:
    """Behind a proxy the visitor's own address is what limits count."""
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        return Finding(
            "proxies",
            FAULT,
            "在TLS代理之后，却把代理的地址当作访问者的地址：一个人输错密码，大家都被限制。",
            "设ZHENGTONG_PROXIES为代理的层数，并让代理把访问者地址追加到X-Forwarded-For。",
        )
    said = (
        f"访问者地址按{settings.TRUSTED_PROXIES}层代理取。"
        if settings.TRUSTED_PROXIES
        else "没有代理，访问者地址取自连接。"
    )
    return Finding("proxies", FINE, said)


@question("privileges")
def privileges() -> Finding:
    """The product runs as an account of its own that rules over nothing else, in the machine and in the database (ASVS 13.2.2)."""
    too_much = []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        too_much.append("以root身份运行")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolsuper OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
            if cursor.fetchone()[0]:
                too_much.append("数据库账号是超级用户")
    if too_much:
        mend = "建一个专用的系统账号，数据库里建一个只拥有本库的角色。"
        return _stricter("privileges", f"权限过大：{'，'.join(too_much)}。", mend)
    return Finding("privileges", FINE, "用专用账号运行，没有多余权限。")


@question("scanner")
def scanner() -> Finding:
    """Uploads are asked about at the county's virus scanner, and it answers (ASVS 5.4.3)."""
    from zhengtong.foundation.files import public as files

    if not settings.VIRUS_SCANNER:
        mend = "安装clamav-daemon，设ZHENGTONG_CLAMD=/run/clamav/clamd.ctl。"
        return Finding("scanner", CARE, "没有接病毒扫描：上传的文件只按内容检查，不查病毒。", mend)
    if not files.scanner_answers():
        return Finding("scanner", FAULT, "病毒扫描没有应答，现在不能上传文件。", "启动clamd，或改正ZHENGTONG_CLAMD。")
    return Finding("scanner", FINE, "上传的文件经过病毒扫描。")


@question("content_policy")
def content_policy() -> Finding:
    """No inline script or style in any page."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    loose = [name for name, values in directives.items() if {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(values)]
    if loose or "csp.middleware.CSPMiddleware" not in settings.MIDDLEWARE:
        return Finding(
            "content_policy",
            FAULT,
            f"内容安全策略被放宽：{'、'.join(loose)}。",
            "恢复settings中的CONTENT_SECURITY_POLICY。",
        )
    return Finding("content_policy", FINE, "内容安全策略严格，不许内联脚本和样式。")


# --- Files and the machine ------------------------------------------------------------------------------------------


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


@question("files")
def files() -> Finding:
    """Keys, passphrases and the database are the service account's alone."""
    data: Path = settings.DATA
    watched = [data / "secret.key", data / "keys", *(data / "keys").rglob("*"), data / "zhengtong.sqlite3"]
    closed = not _open_to_others(data)
    loose = [path for path in watched if path.exists() and _open_to_others(path)]
    if closed and all("keys" not in path.parts and path.name != "secret.key" for path in loose):
        loose = []  # nobody else gets as far as the database
    if loose:
        names = "、".join(str(path.relative_to(data)) for path in loose[:5])
        mend = f"运行：chmod 700 {data} && chmod -R go-rwx {data}/keys {data}/secret.key"
        return _stricter("files", f"其他用户可以读：{names}。", mend)
    return Finding("files", FINE, "密钥和数据库文件只有服务账号可以读。")


@question("passphrase")
def passphrase() -> Finding:
    """A passphrase beside the keys it opens protects nothing."""
    if (settings.DATA / "keys" / "passphrase").exists():
        return _stricter(
            "passphrase",
            "打开密钥的口令和密钥放在同一目录。",
            "改用环境变量ZHENGTONG_KEY_PASSPHRASE，再删除DATA/keys/passphrase。",
        )
    return Finding("passphrase", FINE, "密钥目录里没有明文口令。")


@question("disk")
def disk() -> Finding:
    """Room for what comes in; without it cases cannot be taken."""
    usage = shutil.disk_usage(settings.DATA)
    share = usage.free / usage.total
    said = f"DATA所在磁盘剩余{usage.free / 1024**3:.1f} GB（{share:.0%}）。"
    if usage.free < LEAST_FREE_BYTES or share < LEAST_FREE_SHARE:
        return Finding("disk", FAULT, said, "马上扩容或清理：空间用完后不能收件。")
    return Finding("disk", CARE if share < SCARCE_SHARE else FINE, said, "请安排扩容。" if share < SCARCE_SHARE else "")


def _clock_is_synchronised() -> bool | None:
    """What the kernel says of its clock (adjtimex(2): 5 is TIME_ERROR, not synchronised); None: it does not say."""
    if sys.platform != "linux":
        return None
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except AttributeError:
        return None
    return None if state < 0 else state != 5


@question("clock")
def clock() -> Finding:
    """Legal time limits hang on it: it does not lie behind what was recorded, agrees with the database, is kept in step."""
    from zhengtong.foundation.events.models import OutboxEvent

    now = timezone.now()
    newest = OutboxEvent.objects.order_by("-id").values_list("recorded_at", flat=True).first()
    if newest and newest - now > CLOCK_MAY_LAG:
        return Finding(
            "clock", FAULT, "本机时钟比已有记录还早，时钟被往回拨过。", "校准时钟（chrony或timesyncd）后再恢复服务。"
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            if abs(cursor.fetchone()[0] - timezone.now()) > timedelta(seconds=5):
                return Finding("clock", FAULT, "本机与数据库服务器的时钟相差超过5秒。", "两台机器都接入同一个时间源。")
    if _clock_is_synchronised() is False:
        return Finding("clock", CARE, "系统报告时钟没有与时间源同步。", "启用chrony或systemd-timesyncd。")
    return Finding("clock", FINE, "时钟正常。")


# --- Data and processes ---------------------------------------------------------------------------------------------


@question("database")
def database() -> Finding:
    """It answers; SQLite keeps what it acknowledged, a server far away is reached under TLS."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if connection.vendor == "sqlite":
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
            if mode != "wal":
                return Finding("database", FAULT, f"SQLite的日志方式是{mode}，不是WAL。", "DATA不要放在网络盘上。")
            return Finding("database", FINE, "数据库（SQLite，WAL）可用。")
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        encrypted = bool((cursor.fetchone() or (False,))[0])
    host = str(connection.settings_dict.get("HOST", ""))
    if host and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1") and not encrypted:
        return Finding("database", FAULT, "到数据库服务器的连接没有加密。", "在数据库服务器上启用TLS。")
    return Finding("database", FINE, "数据库（PostgreSQL）可用。")


@question("migrations")
def migrations() -> Finding:
    """The tables are those of this release."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        return Finding(
            "migrations", FAULT, f"有{len(waiting)}个数据库升级没有执行。", "先备份，再运行：zhengtong manage migrate"
        )
    return Finding("migrations", FINE, "数据库结构是本版本的。")


@question("worker")
def worker() -> Finding:
    """`zhengtong work` gives a sign of life every few seconds."""
    sign = settings.DATA / WORKER_SIGN
    silent = time.time() - sign.stat().st_mtime if sign.exists() else None
    if silent is None or silent > WORKER_SILENT_SECONDS:
        since = "从未启动" if silent is None else f"已{int(silent)}秒没有动静"
        return Finding(
            "worker", FAULT, f"后台进程{since}：通知不发，期限不到点。", "启动：zhengtong work，并交给systemd看护。"
        )
    return Finding("worker", FINE, "后台进程在运行。")


@question("deliveries")
def deliveries() -> Finding:
    """Nothing is stuck, nothing waits for long."""
    from zhengtong.foundation.events import public as events
    from zhengtong.foundation.events.models import Delivery

    stuck = Delivery.objects.filter(state=Delivery.STUCK).count()
    waiting, since = events.backlog()
    if stuck:
        return Finding(
            "deliveries",
            FAULT,
            f"有{stuck}条投递卡住，需要人工处理。",
            "县政务办打开“投递情况”页面查看原因并重新投递。",
        )
    if since and timezone.now() - since > WAITS_TOO_LONG:
        return Finding("deliveries", FAULT, f"有{waiting}条事件等了10分钟以上。", "检查后台进程zhengtong work。")
    return Finding("deliveries", FINE, "没有卡住的投递。")


@question("backups")
def backups() -> Finding:
    """The newest manifest under DATA/backups, or ZHENGTONG_BACKUPS, is at most a day old."""
    folder = Path(os.environ.get("ZHENGTONG_BACKUPS") or settings.DATA / "backups")
    found = [path for path in folder.rglob("*") if re.match(r"manifest\b", path.name)] if folder.is_dir() else []
    mend = "每天运行：zhengtong backup，并把备份放到另一台机器。"
    if not found:
        return Finding("backups", CARE, f"{folder}里没有找到备份清单。", mend)
    age = timedelta(seconds=time.time() - max(path.stat().st_mtime for path in found))
    said = f"最近一次备份在{int(age.total_seconds() // 3600)}小时前。"
    return Finding("backups", FAULT, said, mend) if age > BACKUP_MAY_BE_OLD else Finding("backups", FINE, said)


# --- The county -----------------------------------------------------------------------------------------------------


@question("keys")
def keys() -> Finding:
    """Keys and certificates are renewed before they end."""
    from zhengtong.foundation.calendars import public as calendars
    from zhengtong.security.pki import public as pki

    now = calendars.official_now()
    found = pki.ending(now)
    mend = "在“密钥与证书到期”页由两人换发，或运行zhengtong pki renew。"
    names = "、".join(f"{one.name}（{timezone.localdate(one.ends)}）" for one in found[:5])
    if any(one.ended for one in found):
        return Finding("keys", FAULT, f"密钥或证书已到期：{names}。", mend)
    if found:
        return Finding("keys", CARE, f"密钥或证书快到期：{names}。", mend)
    return Finding("keys", FINE, "密钥和证书都没有快到期的。")


@question("calendar")
def calendar() -> Finding:
    """Working days of this year, and from October of the next, are published."""
    from zhengtong.foundation.calendars import public as calendars

    today = calendars.official_today()
    missing = calendars.years_missing(today)
    mend = "国务院办公厅的放假通知公布后，在“工作日历”里登记。"
    if today.year in missing:
        return Finding("calendar", FAULT, f"没有{today.year}年的工作日历，期限算不出来。", mend)
    if missing and today.month >= 11:
        return Finding("calendar", CARE, f"还没有{missing[0]}年的工作日历，跨年的期限算不出来。", mend)
    return Finding("calendar", FINE, "工作日历齐全。")


@question("second_factor")
def second_factor() -> Finding:
    """Officials sign in with two factors (等保 8.1.4.1)."""
    from allauth.mfa.models import Authenticator

    from zhengtong.security.accounts.models import User

    officials = User.objects.filter(kind="official", is_active=True, role_grants__isnull=False).distinct()
    strong = Authenticator.objects.filter(type__in=["totp", "webauthn"]).values("user_id")
    without = officials.exclude(pk__in=strong).count()
    if without:
        return _stricter(
            "second_factor", f"有{without}个工作人员账号没有双因素。", "请他们在“账号安全”里登记通行密钥或验证器。"
        )
    return Finding("second_factor", FINE, "工作人员都登记了双因素。")


@question("province")
def province() -> Finding:
    """The province's identity platform, where residents may sign in: wholly configured, answering, with keys that count."""
    from zhengtong.kernel.errors import ZhengtongError
    from zhengtong.security.accounts import public as accounts

    configured = settings.PROVINCE
    if not any(configured[name] for name in ("issuer", "client_id", "secret")):
        return Finding("province", FINE, "没有接入省统一身份认证平台。")
    missing = [name for name in ("issuer", "client_id", "secret") if not configured[name]]
    if missing:
        names = "、".join(f"ZHENGTONG_PROVINCE_{name.upper()}" for name in missing)
        return Finding("province", FAULT, "省平台的配置不完整。", f"补上{names}，或者把其余几项也去掉。")
    levels = set(configured["levels"].values())
    if not levels & {2, 3} or not levels <= {1, 2, 3}:
        mend = "在ZHENGTONG_PROVINCE_LEVELS里写明省平台的哪些等级算2级、3级，如L2=2,L3=3。"
        return Finding("province", FAULT, "没有对应省平台的核验等级，谁也不能用它登录。", mend)
    try:
        keys = accounts.province_keys()
    except ZhengtongError as problem:
        return Finding("province", FAULT, problem.message, "检查ZHENGTONG_PROVINCE_ISSUER和到省平台的网络。")
    if not keys:
        return Finding(
            "province", FAULT, "省平台没有公布可用的签名公钥（RS256、PS256、ES256）。", "请省平台核对公钥地址。"
        )
    return Finding("province", FINE, f"省统一身份认证平台可用，{keys}把签名公钥。")


@question("separation")
def separation() -> Finding:
    """三员: somebody grants, somebody else audits, and two people can grant, because the gravest grants need two."""
    from zhengtong.foundation.calendars.public import official_today
    from zhengtong.security.pmi import public as pmi

    def holders(*roles: str) -> set[Any]:
        held = (pmi.holders_of(role, on=official_today()).values_list("user_id", flat=True) for role in roles)
        return {user for each in held for user in each}

    grantors, auditors = holders("security_admin", "county_office"), holders("auditor")
    if not auditors or not grantors:
        who = "审计员" if not auditors else "安全管理员或县政务办"
        return Finding("separation", FAULT, f"没有人担任{who}。", "在“账号与授权”里指定，三员由不同的人担任。")
    if len(grantors) < 2:
        return Finding("separation", CARE, "只有一个人能授权。", "请再指定一人，重要岗位的授权须两人办理。")
    return Finding("separation", FINE, "授权和审计由不同的人担任。")
