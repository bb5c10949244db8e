"""Signing in: password sign-ins a second through the whole product, beside one with Django's default hashing parameters; and how
much longer the page takes for a login that exists than for one that does not.
"""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import _county

PEOPLE, SECONDS, PROCESSES = 125, 10.0, 2
TRIES, FROM_ONE_ADDRESS = 4, 15  # of each account and of each address: what the limits allow
PASSWORD = "spring rice in Zi river"  # noqa: S105 - of accounts that are removed afterwards

NAMES: list[str] = []
DEFAULT: list[str] = []


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`password_logins_per_second`: the sign-in form posted to the product by two processes, each sign-in with its counts,
    session and published fact on disk. The peer is the bare check of Django's default argon2 (100 MiB, eight lanes).
    `unknown_login_delta_ms` (T-AUTH-3): between the medians of 500 wrong passwords for logins that exist and 500 for others.
    """
    _county.prepare(progress)
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    NAMES.extend(_people(progress))
    rate, cost = _rate(_sign_in)
    progress(f"{rate:.1f} sign-ins a second, {cost:.0f} ms of processor each")
    peer, peer_cost = _rate(_check_by_default)
    progress(f"{peer:.1f} bare checks a second with Django's default parameters, {peer_cost:.0f} ms each")
    return {
        "password_logins_per_second": round(rate, 1),
        "cpu_ms_per_login": round(cost, 1),
        "django_default_checks_per_second": round(peer, 1),
        "django_default_cpu_ms_per_check": round(peer_cost, 1),
        "ratio_vs_django_default": round(rate / peer, 1),
        "unknown_login_delta_ms": _difference(progress),
    }


def _people(progress: Callable[..., None]) -> list[str]:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.accounts import public as accounts

    for number in range(PEOPLE):
        accounts.create_official(username=f"bench.{number}", name="测试", password=PASSWORD, at=official_now())
    progress(f"{PEOPLE} officials")
    return [f"bench.{number}" for number in range(PEOPLE)]


def _check_by_default(_number: int) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    hasher = Argon2PasswordHasher()
    if not DEFAULT:
        DEFAULT.append(hasher.encode(PASSWORD, hasher.salt()))
    hasher.verify(PASSWORD, DEFAULT[0])


def _sign_in(number: int) -> None:
    from django.test import Client

    login = NAMES[number % PEOPLE]
    visitor = Client()
    answer = visitor.post("/account/login/", {"login": login, "password": PASSWORD})
    if answer.status_code != 302 or "_auth_user_id" not in visitor.session:
        raise RuntimeError(f"{login} was not signed in: {answer.status_code}")


def _rate(once: Callable[[int], object]) -> tuple[float, float]:
    """How many a second over all processes, and the milliseconds of processor each one costs."""
    from django.db import connections

    connections.close_all()
    started = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        parts = list(pool.map(_count, [once] * PROCESSES, range(PROCESSES)))
    done = sum(count for count, _cpu in parts)
    return done / (time.monotonic() - started), 1000 * sum(cpu for _count, cpu in parts) / done


def _count(once: Callable[[int], object], place: int) -> tuple[int, float]:
    once(place)  # templates and forms are loaded once per process, not per sign-in
    end, cpu, done = time.monotonic() + SECONDS, time.process_time(), 0
    while time.monotonic() < end:
        once(place + PROCESSES * done)
        done += 1
    return done, time.process_time() - cpu


def _difference(progress: Callable[..., None]) -> float:
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * PEOPLE * TRIES):
        known, place = number % 2 == 0, number // 2 % PEOPLE
        spent = _refused(NAMES[place] if known else f"nobody.{place}", number // FROM_ONE_ADDRESS)
        times[known].append(1000 * spent)
        if number % 200 == 0:
            progress("wrong passwords", number, 2 * PEOPLE * TRIES)
    known_ms, unknown_ms = statistics.median(times[True]), statistics.median(times[False])
    progress(f"a wrong password takes {known_ms:.2f} ms for a login that exists, {unknown_ms:.2f} ms for another")
    return round(abs(known_ms - unknown_ms), 2)


def _refused(login: str, place: int) -> float:
    """Seconds until a wrong password is refused, asked from an address of its own."""
    from django.test import Client

    visitor = Client(REMOTE_ADDR=f"10.{place >> 16}.{place >> 8 & 255}.{place & 255}")
    began = time.perf_counter()
    answer = visitor.post("/account/login/", {"login": login, "password": "not the password"})
    spent = time.perf_counter() - began
    if "账号或密码不正确" not in answer.content.decode():
        raise RuntimeError(f"the password of {login} was not judged")
    return spent
