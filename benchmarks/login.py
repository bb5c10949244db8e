"""Signing in: password sign-ins a second through the whole product, beside one with Django's default hashing parameters."""

import threading
import time
from collections.abc import Callable

from benchmarks import _county

PEOPLE, SECONDS, THREADS = 40, 10.0, 2
PASSWORD = "spring rice in Zi river"  # noqa: S105 - of accounts that are removed afterwards


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`password_logins_per_second`: the sign-in form posted to the product by two threads, each sign-in with its counts,
    session and published fact on disk. The peer is the bare check of Django's default argon2 (100 MiB, eight lanes).
    """
    _county.prepare(progress)
    from django.conf import settings
    from django.contrib.auth.hashers import Argon2PasswordHasher

    settings.ALLOWED_HOSTS = ["testserver"]
    names = _people(progress)
    rate = _rate(lambda number: _sign_in(names[number % PEOPLE]))
    progress(f"{rate:.1f} sign-ins a second")
    default = Argon2PasswordHasher()
    encoded = default.encode(PASSWORD, default.salt())
    peer = _rate(lambda _number: default.verify(PASSWORD, encoded))
    progress(f"{peer:.1f} bare checks a second with Django's default parameters")
    return {
        "password_logins_per_second": round(rate, 1),
        "django_default_checks_per_second": round(peer, 1),
        "ratio_vs_django_default": round(rate / peer, 1),
    }


def _people(progress: Callable[..., None]) -> list[str]:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.security.accounts import public as accounts

    for number in range(PEOPLE):
        accounts.create_official(username=f"bench.{number}", name="测试", password=PASSWORD, at=official_now())
    progress(f"{PEOPLE} officials")
    return [f"bench.{number}" for number in range(PEOPLE)]


def _sign_in(login: str) -> None:
    from django.test import Client

    visitor = Client()
    answer = visitor.post("/account/login/", {"login": login, "password": PASSWORD})
    if answer.status_code != 302 or "_auth_user_id" not in visitor.session:
        raise RuntimeError(f"{login} was not signed in: {answer.status_code}")


def _rate(once: Callable[[int], object]) -> float:
    done, failures = [0] * THREADS, []
    end = time.monotonic() + SECONDS

    def work(place: int) -> None:
        from django.db import connection

        try:
            while time.monotonic() < end:
                once(place + THREADS * done[place])
                done[place] += 1
        except Exception as problem:  # noqa: BLE001 - raised again below, in the thread that measures
            failures.append(problem)
        finally:
            connection.close()

    started = time.monotonic()
    threads = [threading.Thread(target=work, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(done) / (time.monotonic() - started)
