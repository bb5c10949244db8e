"""Write docs/reference/security.md from the registers, the settings and the limits: `python tools/make_security_reference.py`"""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "security.md"
HEAD = """# What is protected how

For whoever assesses an installation: the rules of this release as tables. Written by `make reference` from
`src/zhengtong/config/registers.py`, the settings and the code's own limits; a test compares them, others hold the code against them.
[systems/security.md](../systems/security.md) explains, `zhengtong evidence` prints the standards' tables.
"""


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; `head` with `|` between its columns."""
    columns = head.split("|")
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join(
        [*lines, *(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows)]
    )


def reference() -> str:
    """The page. Django must be set up, with the settings that ship."""
    return "\n\n".join([HEAD.strip(), *_sign_in(), *_input(), *_data(), *_cryptography(), *_outside()]) + "\n"


def _sign_in() -> Iterable[str]:
    from django.conf import settings

    from zhengtong.config import registers
    from zhengtong.security.accounts import passwords
    from zhengtong.security.accounts.limits import LIMITS
    from zhengtong.security.accounts.operations import SESSIONS_AT_ONCE

    yield "## Signing in"
    yield table("way|what is shown|limited by|addresses", (
        (way.way, way.shown, way.limited, " ".join(f"`{route}`" for route in way.routes)) for way in registers.SIGN_INS
    ))  # fmt: skip
    yield (
        "There is no other way in. Who lost a second factor comes to the administrator of the body with the identity card, as when the "
        "account was proven; what was seen is on record (`accounts.reset_factors`). Nobody resets a factor from afar."
    )
    yield "### Limits of tries"
    yield (
        "Counted in the database before a try is judged; a right one is given back, so that an account is locked for minutes by wrong "
        "ones only and nobody is locked out for good. The longest refusal counts. `security/accounts/limits.py`."
    )
    yield table("what is tried|per|at most|within|then refused for", (
        (what, limit.per, limit.tries, limit.within, limit.refuse_for) for what, limits in LIMITS.items() for limit in limits
    ))  # fmt: skip
    yield "### Passwords"
    yield (
        "Ten characters or more, any characters, taken as typed, no change by the calendar; not common, not the person's own data, not in the "
        f"county's file of known ones (`ZHENGTONG_BREACHED_PASSWORDS`). At least {passwords.LEAST_LEFT} characters must be "
        f"left without the words below, the county's name, "
        "its host names and division code, and digits and signs at the ends:"
    )
    yield "、".join(passwords.WORDS)
    yield "### Sessions"
    idle = settings.SESSION_IDLE_SECONDS
    yield table("limit|value|why", (
        ("idle, officials", f"{idle['official'] // 60} min", "等级保护 8.1.4.1 b; NIST SP 800-63B asks for 30 min at AAL2"),
        ("idle, residents", f"{idle['resident'] // 60} min", "as NIST SP 800-63B at AAL2; uploads from paper take long"),
        ("whole", f"{settings.SESSION_COOKIE_AGE // 3600} h", "one working day; shorter than the 12 h of NIST SP 800-63B"),
        ("at once, per account", SESSIONS_AT_ONCE, "of more, those not used longest end; everybody sees theirs and ends them"),
        ("a factor shown counts for", f"{settings.ACCOUNT_REAUTHENTICATION_TIMEOUT // 60} min", "then it is asked for again "
        "before contact data, factors or sessions change"),
    ))  # fmt: skip
    yield (
        "Sessions that department systems open after signing somebody in are theirs: we end access tokens after "
        f"{settings.IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN // 60} minutes and refresh tokens after "
        f"{settings.IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN // 3600} hours, both at once with a new password, "
        "a closed account, or when the person takes back what they agreed to. Signing out there does not sign out here, nor the other way."
    )


def _input() -> Iterable[str]:
    from django.conf import settings

    from zhengtong.config import registers
    from zhengtong.foundation.files import inspection

    yield "## What comes in"
    yield (
        "Every form and every question of a matter has a type with its rule (`approvals/matters/questions.py`, "
        "`kernel/identifiers`); rules over several answers "
        "are part of the matter (`checks`) and are asked again at submission. What is not asked for is not taken."
    )
    yield table("bound|value", (
        ("file", f"{settings.FILES_MAX_MB} MB"),
        ("kinds of files, by content", "、".join(f"{ext} ({mime})" for ext, mime in inspection.MIMES.items())),
        ("shown by a browser", "、".join(sorted(inspection.INLINE)) + "; all others are saved"),
        ("entries of a package", inspection._MAX_ENTRIES),
        ("unpacked", f"{inspection._MAX_UNPACKED // 1024**2} MB, {inspection._MAX_RATIO} times its size"),
        ("pixels", "、".join(f"{kind} {most // 10**6} million" for kind, most in inspection._MAX_PIXELS.items())),
        ("form without files", f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2} MB, {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields"),
        ("a harmful file", "refused with a sentence, nothing is kept; so is every file while a scanner that is set does not answer"),
    ))  # fmt: skip
    yield "### What costs much"
    yield table("what|bound|test", ((one.what, one.bound, f"`{one.test}`") for one in registers.COSTLY))


def _data() -> Iterable[str]:
    from zhengtong.config import registers

    yield "## Classes of data"
    yield table("class|at rest|integrity|in logs|who reads|kept", (
        (f"{one.label} `{name}`", one.at_rest, one.integrity, one.in_logs, one.readers, one.kept)
        for name, one in registers.CLASSES.items()
    ))  # fmt: skip
    yield "Every table has a class; columns of another class are named. Blind indexes belong to the column they index."
    yield table("class|tables and columns", (
        (f"`{name}`", ", ".join(f"`{place}`" for place, kind in (registers.TABLES | registers.COLUMNS).items() if kind == name))
        for name in registers.CLASSES
    ))  # fmt: skip
    yield "### Who may write which field"
    yield (
        "A form takes its own fields and no other; what an operation may change stands in its signature, and the state of the "
        "object decides whether it may be "
        "changed at all (`states.py` of each app). Masked on every page: identity numbers, phones and addresses, unless the task needs them."
    )
    yield "## What is written down"
    yield table(
        "where|what|form|who reads|kept",
        ((one.where, one.what, one.form, one.readers, one.kept) for one in registers.LOGS),
    )


def _cryptography() -> Iterable[str]:
    from zhengtong.config import registers

    yield "## Cryptography"
    yield table("what for|algorithm|strength|key|life|not for", (
        (one.what, one.algorithm, f"{one.bits} bit" if one.bits else "–", one.key, one.life, one.not_for or "–")
        for one in registers.CRYPTOGRAPHY
    ))  # fmt: skip
    yield (
        "Every key has one purpose and one keeper: keys are made where they are used, never sent, and each private key is "
        "opened by one installation. They are made in the "
        "ceremony or by the command named above, replaced there, and destroyed by removing the file or the row that wraps "
        "them. Lost keys make work wait; nothing is used in their place."
    )
    yield registers.AFTER_QUANTUM


def _outside() -> Iterable[str]:
    from zhengtong.config import registers

    yield "## Who talks to whom"
    yield table(
        "to|when|address chosen by|protected by",
        ((one.to, one.when, one.chosen_by, one.protected) for one in registers.CONNECTIONS),
    )
    yield "No address that a visitor, an applicant or an official types is connected to. Programs of the system that are run:"
    yield table("from|what", ((f"`{name}`", what) for name, what in registers.PROGRAMS.items()))


def main() -> int:
    """Write the page."""
    import django

    with tempfile.TemporaryDirectory() as data:
        os.environ["DATA"] = data
        os.environ["DJANGO_SETTINGS_MODULE"] = "zhengtong.config.settings"
        django.setup()
        TARGET.write_text(reference(), encoding="utf-8")
    print(f"wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
