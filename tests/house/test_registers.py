"""The registers of protection agree with the code: nothing is stored, encrypted, connected or logged that they do not name."""

import ast
import json
import logging
import logging.config
import re

import pytest
from django.apps import apps
from django.conf import settings
from tools.make_security_reference import reference

from tests.house.code import PACKAGE, ROOT, called, calls, files, imports, parsed, place, sources
from tests.house.test_routes import all_routes
from zhengtong.config import evidence, registers
from zhengtong.kernel.sealed import BlindIndex, sealed_fields
from zhengtong.security.pmi.middleware import access_of

PAGE = ROOT / "docs" / "reference" / "security.md"


def section(title: str) -> str:
    """What stands below a heading of the page."""
    return PAGE.read_text(encoding="utf-8").split(f"# {title}\n", 1)[1].split("\n## ", 1)[0]


def module_of(path) -> str:
    return str(path.relative_to(PACKAGE).with_suffix(""))


def test_the_page_is_that_of_the_code():
    assert PAGE.read_text(encoding="utf-8") == reference(), "the registers and the page differ: run `make reference`"


# --- data (ASVS 14.1, 14.2.4) ---


def test_every_table_has_a_class():
    """A new table is not forgotten, and none is named that is not there."""
    assert set(registers.TABLES) == {model._meta.label for model in apps.get_models()}
    assert set(registers.TABLES.values()) | set(registers.COLUMNS.values()) == set(registers.CLASSES)
    for name in registers.COLUMNS:
        label, _dot, field = name.rpartition(".")
        assert apps.get_model(label)._meta.get_field(field)


def test_every_class_says_what_it_asks_for():
    for one in registers.CLASSES.values():
        assert all(getattr(one, name).strip() for name in registers.DataClass.__dataclass_fields__)
    assert all(f"`{name}`" in section("Classes of data") for name in (*registers.CLASSES, *registers.TABLES))


def test_what_is_sensitive_is_sealed_and_what_is_sealed_is_sensitive():
    sealed = {f"{model._meta.label}.{field.name}" for model in apps.get_models() for field in sealed_fields(model)}
    assert sealed == {name for name, kind in registers.COLUMNS.items() if kind == registers.SENSITIVE}


TELLING = re.compile(r"phone|mobile|resident_id|id_number|id_card|bank|account_no|(?<!mac_)address$")
PLAIN = {
    "organizations.Organization.phone": "the public number of a body",
    "organizations.Organization.address": "the public address of a body",
    "accounts.OpenSession.address": "a network address",
    "greenway.SiteVisit.address": "the site that is looked at, written on a paper of the case",
    "cases.Case.applicant_id_index": "a blind index",
}


def test_no_column_with_a_telling_name_is_plain():
    """Numbers, phones, addresses, accounts: sealed, or named here with the reason."""
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if not model._meta.label.startswith(("account.", "mfa.", "allauth"))
        for field in model._meta.concrete_fields
        if TELLING.search(field.name) and field not in sealed_fields(model) and not isinstance(field, BlindIndex)
    }
    assert found - set(PLAIN) == set()


def test_public_tables_say_nothing_of_a_person():
    """No column of a public table points to an applicant; officials who edited or published are named by number only."""
    for label, kind in registers.TABLES.items():
        if kind == registers.PUBLIC:
            fields = apps.get_model(label)._meta.concrete_fields
            people = [f.name for f in fields if f.related_model is not None and f.related_model.__name__ == "User"]
            assert all(name.endswith("_by") for name in people), label


# --- cryptography (ASVS 11) ---

PRIMITIVES = ("cryptography.", "hashlib", "secrets", "hmac", "ssl", "joserfc", "pyhanko.sign", "ctypes")
ONLY_COMPARING = {
    "cryptography.exceptions.InvalidTag",
    "cryptography.exceptions.InvalidSignature",
}
NO_CRYPTOGRAPHY = {
    "config/checkup": "ctypes: asks the kernel for its clock",
    "config/processes": "ctypes: asks the kernel to end children with their parent",
    "security/timestamps/sources": "ctypes: asks the kernel for its clock",
}


def test_every_use_of_cryptography_is_in_the_inventory():
    """11.1.2: a module that draws random numbers or calls a primitive is named with its purpose and key."""
    listed = {name for one in registers.CRYPTOGRAPHY for name in one.modules}
    using = {
        module_of(path)
        for path in sources(PACKAGE)
        for _line, name in imports(path)
        if name.startswith(PRIMITIVES) and name not in ONLY_COMPARING
    }
    assert using - listed - set(NO_CRYPTOGRAPHY) == set()
    assert [name for name in listed if not (PACKAGE / f"{name}.py").is_file()] == []


def test_every_use_says_key_life_and_strength():
    """11.1.1, 11.2.3: 128 bits and more wherever something is protected."""
    for one in registers.CRYPTOGRAPHY:
        assert all((one.what, one.algorithm, one.key, one.life))
        assert one.bits >= 128 or one.not_for == "protecting anything", one.what
    assert "SHA-1" not in "".join(one.algorithm for one in registers.CRYPTOGRAPHY if one.bits)
    for promised in ("ceremony", "replaced", "destroyed", "one purpose", "ML-DSA"):
        assert promised in section("Cryptography")


ALLOWED = {
    "algorithms": {"SM4"},
    "modes": {"GCM"},
    "hashes": {"SHA256", "SM3", "Hash"},
    "ec": {
        *("SECP256R1", "ECDSA", "ECDH", "generate_private_key", "derive_private_key"),
        *(
            "EllipticCurvePublicKey",
            "EllipticCurvePrivateKey",
            "EllipticCurvePublicNumbers",
            "EllipticCurveSignatureAlgorithm",
        ),
    },
    "rsa": {"generate_private_key", "RSAPublicKey", "RSAPrivateKey"},
}
ALLOWED_IMPORTS = {
    *(
        "AESGCM",
        "Cipher",
        "algorithms",
        "modes",
        "Fernet",
        "InvalidToken",
        "HMAC",
        "hashes",
        "ec",
        "rsa",
        "serialization",
    ),
    *(
        "HKDF",
        "Scrypt",
        "Ed25519PrivateKey",
        "Ed25519PublicKey",
        "decode_dss_signature",
        "encode_dss_signature",
        "x509",
    ),
    *(
        "InvalidTag",
        "InvalidSignature",
        "ExtendedKeyUsageOID",
        "NameOID",
        "ExtensionOID",
        "AuthorityInformationAccessOID",
    ),
}


def test_only_approved_algorithms_are_reached():
    """11.3.1, 11.3.2, 11.6.1: no ECB, CBC, RC4, DES, PKCS#1 v1.5 encryption, no other curve, no short RSA key."""
    found = []
    for path in sources(PACKAGE):
        taken = {name.rpartition(".")[2] for _line, name in imports(path) if name.startswith("cryptography.")}
        found += [f"{place(path)} imports {name}" for name in taken - ALLOWED_IMPORTS]
        if not taken:
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ALLOWED:
                if node.value.id in taken and node.attr not in ALLOWED[node.value.id]:
                    found.append(f"{place(path, node.lineno)} {node.value.id}.{node.attr}")
            elif isinstance(node, ast.keyword) and node.arg == "key_size" and ast.literal_eval(node.value) < 3072:
                found.append(f"{place(path, node.value.lineno)} a key of less than 3072 bits")
    assert found == []


def test_keys_are_stretched_from_passphrases():
    """11.4.4: every scrypt of the product costs 16 MB at least, with a salt of its own."""
    costs = []
    for path in sources(PACKAGE):
        text = path.read_text(encoding="utf-8")
        if re.search(r"\bscrypt\(|\bScrypt\(", text):
            costs += [2 ** int(power) for power in re.findall(r"(?:n=|\"n\": |COST = )2\*\*(\d+)", text)]
            assert "salt" in text, place(path)
    assert len(costs) >= 3
    assert min(costs) >= 2**14


# --- connections and programs (ASVS 13.1, 13.2, 1.3.6, 15.3.2) ---

NETWORK = (
    "socket",
    "ssl",
    "http.client",
    "smtplib",
    "requests",
    "httpx",
    "aiohttp",
    "asyncio",
    "xmlrpc",
    "imaplib",
    "ftplib",
)


def test_nothing_connects_to_an_address_that_is_not_listed():
    """A module that could reach the network is named with where to and who chooses the address."""
    listed = {name for one in registers.CONNECTIONS for name in one.modules}
    reaching = {
        module_of(path)
        for path in sources(PACKAGE)
        for _line, name in imports(path)
        if name.startswith(("urllib.request", "zhengtong.kernel.outward")) or name.split(".")[0] in NETWORK
        or name.startswith(NETWORK)
    }  # fmt: skip
    assert reaching - {"kernel/outward"} - listed == set()
    assert listed - reaching == set()
    by_the_worker = {"approvals/fees/providers/telling"}  # to our own address; no page waits for it
    assert not any(name.startswith(("portal/", "approvals/", "office/")) for name in listed - by_the_worker), (
        "no page of a visitor asks out"
    )


def test_every_request_goes_where_it_was_sent():
    """Redirects are refused by `kernel.outward`, and nobody goes past it."""
    past = [
        place(p, c.lineno)
        for p in sources(PACKAGE)
        for c in calls(p)
        if called(c).endswith(("urlopen", "build_opener"))
    ]
    assert [name.partition(":")[0] for name in past] == ["src/zhengtong/kernel/outward.py"]


def test_every_program_that_is_run_is_a_constant():
    """1.2.5, 13.1.1."""
    running = {
        module_of(path)
        for path in sources(PACKAGE)
        for call in calls(path)
        if called(call).startswith(("subprocess.", "os.exec", "os.spawn", "os.posix_spawn"))
    }
    assert running == set(registers.PROGRAMS)


def test_the_page_names_every_connection():
    text = section("Who talks to whom")
    assert all(one.to in text and one.chosen_by in text for one in registers.CONNECTIONS)


# --- logs (ASVS 16.1, 16.2) ---


def test_everything_is_logged_where_the_register_says():
    """16.2.3: standard error is the only handler, nobody opens another, and files are appended to in two known places."""
    assert {name: kept["class"] for name, kept in settings.LOGGING["handlers"].items()} == registers.HANDLERS
    assert settings.LOGGING["root"]["handlers"] == list(registers.HANDLERS)
    assert settings.LOGGING["handlers"]["console"]["formatter"] == "json"
    opened = [
        place(path, call.lineno)
        for path in sources(PACKAGE)
        for call in calls(path)
        if "Handler(" in ast.unparse(call) and "logging" in ast.unparse(call)
    ]
    assert opened == []
    names = " ".join(one.where for one in registers.LOGS)
    for named in ("audit_auditentry", "Standard error".lower(), "sms.log", "DATA/mail", "pki_certificate"):
        assert named in names


def formatter_of_the_settings() -> logging.Formatter:
    return logging.config.DictConfigurator({"version": 1}).configure_formatter(
        dict(settings.LOGGING["formatters"]["json"])
    )


def test_lines_of_the_log_have_their_time_with_zone_and_stay_lines():
    """16.2.2, 16.2.4, 16.4.1: one JSON object a line, whatever is in the message."""
    words = "a\nb\r\x1b[31m\u2028{“"
    record = logging.LogRecord("zhengtong.x", logging.WARNING, __file__, 1, "%s", (words,), None)
    line = formatter_of_the_settings().format(record)
    assert len(line.splitlines()) == 1
    said = json.loads(line)
    assert (said["message"], said["levelname"], said["name"]) == (words, "WARNING", "zhengtong.x")
    assert re.search(r"(?:[+-]\d\d:?\d\d|Z)$", said["asctime"])


@pytest.mark.django_db
def test_what_somebody_looked_for_is_in_no_line(client, caplog):
    """16.2.5: Django's warning about a page that is not there names the page, not the query and not the body."""
    client.get("/nowhere/?q=canary-in-the-query")
    client.post("/nowhere/", {"q": "canary-in-the-body"}, headers={"cookie": "sessionid=canary-in-a-cookie"})
    lines = [formatter_of_the_settings().format(record) for record in caplog.records]
    assert sum("/nowhere/" in line for line in lines) == 2
    assert [line for line in lines if "canary" in line] == []


# --- what costs, who signs in (ASVS 15.1.3, 6.1.3, 6.3.4, 7.1) ---


def test_what_costs_much_has_a_bound_that_a_test_holds():
    for one in registers.COSTLY:
        assert evidence.exists(ROOT, one.test), one.test
        assert one.what in section("What comes in")


def test_there_is_no_way_in_that_is_not_listed():
    """Every address under /account/ that opens without a session is a listed way or opens none; outside there is none."""
    listed = {route for way in registers.SIGN_INS for route in way.routes} | registers.NO_SIGN_IN
    public = {a for a, view in all_routes() if a.startswith("/account/") and access_of(view).level == "public"}
    assert public == listed
    opening = [
        place(path, call.lineno)
        for path in sources(PACKAGE)
        for call in calls(path)
        if called(call).rpartition(".")[2] in ("perform_login", "login", "record_authentication")
        and not place(path).startswith(
            tuple(f"src/zhengtong/security/accounts/{room}.py" for room in ("views", "adapters", "province_views"))
        )
    ]
    assert opening == []
    assert all(way.way in section("Signing in") and way.shown in section("Signing in") for way in registers.SIGN_INS)


@pytest.mark.parametrize(
    "said",
    [
        "At least 6 characters",
        "zhengtong、政通",
        "| password | account | 5 | 0:10:00 | 0:10:00 |",
        "nobody is locked out for good",
        "| idle, officials | 15 min |",
        "| whole | 8 h |",
        "| at once, per account | 20 |",
        "access tokens after 10 minutes and refresh tokens after 12 hours",
    ],
)
def test_the_rules_of_signing_in_are_written(said):
    """6.1.1, 6.1.2, 7.1.1, 7.1.2, 7.1.3: with the numbers of the code, because the page is written from it."""
    assert said in section("Signing in")


@pytest.mark.parametrize(
    "said", ["asked again at submission", "| file | 20 MB |", "application/pdf", "refused with a sentence"]
)
def test_the_rules_of_input_are_written(said):
    """2.1.1, 2.1.2, 2.1.3, 5.1.1."""
    assert said in section("What comes in")


# --- what is not there (reasons that a test can show) ---

ABSENT = {
    "directory servers, XPath, LaTeX, JNDI, memcache": ("ldap", "ldap3", "lxml", "xpath", "pylatex", "memcache", "pymemcache"),
    "GraphQL, WebSockets, SAML, SOAP": ("graphene", "strawberry", "ariadne", "graphql", "channels", "websockets", "saml2", "onelogin"),
    "browser plugins, rich text": ("bleach", "nh3", "markdown", "mistune", "docutils"),
}  # fmt: skip


@pytest.mark.parametrize("what", ABSENT)
def test_what_is_not_there_cannot_be_attacked(what):
    """No module of ours imports it and no application of Django's is switched on for it."""
    found = [
        f"{place(path, line)} {name}"
        for path in sources(PACKAGE)
        for line, name in imports(path)
        if name.split(".")[0] in ABSENT[what]
    ]
    assert found == []
    assert not set(ABSENT[what]) & {app.split(".")[0] for app in settings.INSTALLED_APPS}


def test_no_page_asks_for_a_plugin_or_a_frame():
    """3.7.1: no applet, object, embed, frame or Flash in any template."""
    wrong = re.compile(r"<(?:applet|object|embed|iframe|frame|frameset|marquee)\b|\.swf\b", re.IGNORECASE)
    templates = [path for path in files() if path.suffix == ".html" and path.is_relative_to(PACKAGE)]
    assert templates
    assert [place(path) for path in templates if wrong.search(path.read_text(encoding="utf-8"))] == []
