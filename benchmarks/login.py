"""Signing in: password sign-ins a second through the whole product, beside one with Django's default hashing parameters."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import _county

PEOPLE, SECONDS, PROCESSES = 40, 10.0, 2
PASSWORD = "spring rice in Zi river"  # noqa: S105 - of accounts that are removed afterwards

NAMES: list[str] = []
DEFAULT: list[str] = []


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`password_logins_per_second`: the sign-in form posted to the product by two processes, each sign-in with its counts,
    session and published fact on disk. The peer is the bare check of Django's default argon2 (100 MiB, eight lanes).
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
