"""Constructs and contents that have no place in the repository: what a scanner would report, refused where it is written."""

import ast
import math
import re
from collections import Counter

import pytest

from tests.house.code import PACKAGE, ROOT, called, calls, files, imports, place, sources

FORBIDDEN_CALLS = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "compile": "runs text as code",
    "os.system": "gives text to a shell",
    "os.popen": "gives text to a shell",
    "pickle.load": "builds any object from bytes",
    "pickle.loads": "builds any object from bytes",
    "marshal.loads": "builds any object from bytes",
    "yaml.load": "builds any object from text",
    "mark_safe": "puts markup past the escaping; use format_html",
    "tempfile.mktemp": "another program may be faster",
    "hashlib.md5": "is broken",
    "hashlib.sha1": "is broken",
    "random.random": "can be guessed; use secrets",
    "random.choice": "can be guessed; use secrets",
    "random.randint": "can be guessed; use secrets",
    "ssl._create_unverified_context": "trusts anybody",
}
FORBIDDEN_IMPORTS = ("telnetlib", "ftplib", "pickle", "shelve", "xml.etree", "xml.dom", "xml.sax", "lxml", "imp")
ALLOWED = {
    # RFC 5280 4.2.1.2 and RFC 6960 4.1.1 name SHA-1 for identifying keys: a name, no protection.
    "src/zhengtong/security/pki/ocsp.py hashlib.sha1",
    "src/zhengtong/security/pki/x509.py hashlib.sha1",
    "src/zhengtong/approvals/papers/qr.py mark_safe",
    "src/zhengtong/config/templatetags/ui.py mark_safe",
}
"""Looked at one by one: `place name`."""


def test_no_dangerous_call():
    found = []
    for path in sources(PACKAGE):
        for call in calls(path):
            name = called(call)
            if (
                name in FORBIDDEN_CALLS or name.rpartition(".")[2] == "mark_safe"
            ) and f"{place(path)} {name}" not in ALLOWED:
                why = FORBIDDEN_CALLS.get(name, FORBIDDEN_CALLS["mark_safe"])
                found.append(f"{place(path, call.lineno)} {name}: {why}")
    assert found == []


def keyword(call: ast.Call, name: str) -> object:
    given = [k.value for k in call.keywords if k.arg == name]
    return given[0].value if given and isinstance(given[0], ast.Constant) else None


def test_no_shell_and_no_unverified_connection():
    found = [
        place(path, call.lineno)
        for path in sources(ROOT)
        for call in calls(path)
        if keyword(call, "shell") is True
        or keyword(call, "verify") is False
        or keyword(call, "check_hostname") is False
    ]
    assert found == []


def test_no_dangerous_library():
    found = [
        f"{place(path, line)} imports {name}"
        for path in sources(PACKAGE)
        for line, name in imports(path)
        if any(name == one or name.startswith(f"{one}.") for one in FORBIDDEN_IMPORTS)
    ]
    assert found == []


def test_no_sql_is_put_together_from_what_people_type():
    """`raw`, `extra` and `RawSQL` are not used; `cursor.execute` gets values as parameters, never by an f-string in a view."""
    found = []
    for path in sources(PACKAGE):
        for call in calls(path):
            name = called(call)
            last = name.rpartition(".")[2]
            if last in ("RawSQL", "raw") or (last == "extra" and "objects" in name):
                found.append(place(path, call.lineno))
            in_views = path.name in ("views.py", "forms.py", "api.py") or "views" in path.parts
            if last == "execute" and in_views and "cursor" in name:
                found.append(place(path, call.lineno))
    assert found == []


SCRIPT_DANGERS = {
    r"\binnerHTML\s*=|insertAdjacentHTML|outerHTML\s*=": "markup from text",
    r"\beval\(|new Function\(|setTimeout\(\s*[\"']": "text as code",
    r"localStorage|sessionStorage|indexedDB": "what stays behind in the browser",
    r"postMessage|addEventListener\(\s*[\"']message": "words from other windows",
    r"addEventListener\(\s*[\"']paste|onpaste": "pasting is not interfered with",
    r"__proto__|Object\.assign\(\s*\w+\.prototype": "changed prototypes",
}


def test_scripts_keep_to_the_page():
    """Our own scripts; what others wrote (htmx) is pinned by its file."""
    found = []
    ours = [p for p in files() if p.suffix == ".js" and p.is_relative_to(PACKAGE) and "htmx" not in p.name]
    for path in ours:
        text = path.read_text(encoding="utf-8")
        found += [f"{place(path)}: {why}" for pattern, why in SCRIPT_DANGERS.items() if re.search(pattern, text)]
    assert ours
    assert found == []


TELLTALES = re.compile(
    "|".join(
        [
            "-----BEGIN (?:RSA |EC |ENCRYPTED |OPENSSH )?PRIVATE KEY" + "-----",
            r"\bAKIA[0-9A-Z]{16}\b",
            r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
            r"\bxox[abpr]-[A-Za-z0-9-]{10,}",
            r"\bglpat-[A-Za-z0-9_-]{20}\b",
            r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
        ]
    )
)
ASSIGNED = re.compile(
    r"""(?i)\b[\w.]*(?:secret|passphrase|api_?key|access_?key|private_?key|token)\w*["']?\s*[:=]\s*["']([A-Za-z0-9+/_=-]{20,})["']"""
)
MOST_BITS = 3.7


def entropy(text: str) -> float:
    """Bits per character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def secrets_in(text: str) -> list[int]:
    """Numbers of the lines that seem to hold a secret."""
    lines = enumerate(text.splitlines(), 1)
    return [
        number
        for number, line in lines
        if TELLTALES.search(line) or any(entropy(found) > MOST_BITS for found in ASSIGNED.findall(line))
    ]


def test_no_secret_in_any_tracked_file():
    found = []
    for path in files():
        if path.suffix in {".lock", ".otf", ".woff2", ".png", ".jpg", ".pdf"}:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [place(path, line) for line in secrets_in(text)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN PRIVATE " + "KEY-----",
        'api_key = "' + "q8Zr2Lx9Vb4Tn7Wk1Ys6Pd3Mf5" + '"',
        "aws = AKIA" + "ABCDEFGHIJKLMNOP",
    ],
)
def test_the_search_finds_secrets(line):
    assert secrets_in(line) == [1]


def test_the_search_leaves_ordinary_words_alone():
    assert secrets_in('CSRF_COOKIE_NAME = "csrftoken"\nsecret = os.environ["ZHENGTONG_SECRET"]') == []
