"""How the code is written: what the architecture says, as tests. Each failure names the places."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.code import ROOT, app_of, called, calls, files, functions, imports, parsed, place, sources

LONGEST_FUNCTION, LONGEST_STORY = 60, 120
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "misc", "tools", "shared", "managers", "services"}
GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
CLOCKS = {
    "timezone.now",
    "timezone.localdate",
    "timezone.localtime",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "official_now",
    "official_today",
    "calendars.official_now",
    "calendars.official_today",
}
MAY_ASK_THE_CLOCK = {
    "src/zhengtong/foundation/events/operations.py": "`recorded_at` is when the machine wrote the fact, never when it took effect",
    "src/zhengtong/approvals/cases/operations/recording.py": "the same: the second of the two times on every event",
    "src/zhengtong/foundation/calendars/operations.py": "it moves the demo clock, which is an offset to the machine's",
}
MAY_ASK_THE_CLOCK["src/zhengtong/security/timestamps/operations.py"] = (
    "an outage is dated by the machine's clock, as stamps are"
)
DOORS = {"public", "events", "values", "states", "models"}
LIBRARIES = {("security", "crypto"), ("approvals", "papers")}
"""Packages without models, pages and state: their modules are their door."""


def test_no_file_has_a_vague_name():
    named = [place(p) for p in sources() if VAGUE & {p.stem, *p.relative_to(ROOT / "src").parts[:-1]}]
    assert named == []


def test_no_function_is_too_long():
    """A test may be as long as the story it tells."""
    found = []
    for path in sources(ROOT):
        longest = LONGEST_STORY if path.is_relative_to(ROOT / "tests") else LONGEST_FUNCTION
        for function in functions(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > longest:
                found.append(f"{place(path, function.lineno)} {function.name}: {lines} lines")
    assert found == []


def is_operation(path) -> bool:
    return path.name == "operations.py" or "operations" in path.parts


def test_operations_are_told_the_time():
    found = [
        f"{place(path, call.lineno)} {called(call)}()"
        for path in sources()
        if is_operation(path) and place(path) not in MAY_ASK_THE_CLOCK
        for call in calls(path)
        if called(call) in CLOCKS and not call.args
    ]
    assert found == []


def test_operations_take_keywords_only():
    """A row of positional arguments can be swapped without anybody noticing; `accept(case=…, by=…, at=…)` cannot."""
    found = [
        f"{place(path, node.lineno)} {node.name}"
        for path in sources()
        if is_operation(path)
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef) and is_verb(node) and (node.args.args or node.args.posonlyargs)
    ]
    assert found == []


def is_verb(node: ast.FunctionDef) -> bool:
    """A public function that changes something: it is atomic."""
    return not node.name.startswith("_") and any("atomic" in ast.unparse(d) for d in node.decorator_list)


def test_translatable_words_are_constants():
    found = [
        place(path, call.lineno)
        for path in sources()
        for call in calls(path)
        if called(call).rpartition(".")[2] in GETTEXT and any(not is_constant(a) for a in words_of(call))
    ]
    assert found == []


def words_of(call: ast.Call) -> list[ast.expr]:
    many = called(call).rpartition(".")[2].startswith(("ngettext", "pgettext"))
    return call.args[: 2 if many else 1]


def is_constant(node: ast.expr) -> bool:
    """A literal; a bare name is a word that was marked with gettext_noop or extracted elsewhere."""
    return not isinstance(node, (ast.JoinedStr, ast.BinOp)) and not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    )


def test_apps_enter_each_other_by_the_door():
    found = []
    for path in sources():
        home = app_of(path)
        for line, name in imports(path):
            parts = name.split(".")
            if parts[0] != "zhengtong" or len(parts) < 4 or parts[1] in ("kernel", "config"):
                continue
            if (parts[1], parts[2]) in LIBRARIES:
                continue
            if home != (parts[1], parts[2]) and home is not None and parts[3] not in DOORS:
                found.append(f"{place(path, line)} imports {name}")
    assert found == []


def test_every_package_says_what_it_is():
    silent = [place(p) for p in sources() if p.name == "__init__.py" and not ast.get_docstring(parsed(p))]
    assert [p for p in silent if "/templatetags/" not in p] == []


def test_nothing_speaks_of_the_machine_it_was_made_on():
    words = [
        "/" + "work/(main|shared|brief)",
        "/" + r"root/",
        "/" + "home/[a-z]",
        r"\." + r"pyenv",
        "/" + "tmp/zt",
        "npm" + r"mirror",
    ]
    pattern = re.compile("|".join(words))
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [place(path, n) for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    assert found == []


def test_no_secret_and_no_database_is_kept():
    kept = [place(p) for p in files() if p.suffix in {".sqlite3", ".key", ".pem", ".env", ".mo"} or p.name == "uv.lock"]
    assert kept == []


class TestTests:
    """Rules about the tests themselves."""

    def test_nothing_of_ours_is_mocked(self):
        found = []
        for path in sources(ROOT / "tests"):
            found += [place(path, line) for line, name in imports(path) if name.startswith(("unittest.mock", "mock"))]
            found += [
                place(path, call.lineno)
                for call in calls(path)
                if called(call).endswith((".setattr", "patch")) and names_ours(call)
            ]
        assert found == []

    def test_every_folder_is_a_package(self):
        """Else two files called test_operations.py would be one module."""
        folders = {path.parent for path in sources(ROOT / "tests")}
        assert [place(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []

    def test_nothing_waits_for_a_moment_to_pass(self):
        """A test that sleeps is slow on a quick machine and wrong on a slow one; looking again and again is neither.

        Programs that tests start (`…_process.py`) may hang, because that is what they are started for.
        """
        found = []
        for path in (p for p in sources(ROOT / "tests") if not is_program(p)):
            looking = {id(n) for loop in loops(path) for n in ast.walk(loop)}
            found += [place(path, c.lineno) for c in calls(path) if called(c) == "time.sleep" and id(c) not in looking]
        assert found == []


def is_program(path: Path) -> bool:
    return path.stem.endswith("_process") and not path.stem.startswith("test_")


def loops(path: Path) -> list[ast.AST]:
    return [node for node in ast.walk(parsed(path)) if isinstance(node, (ast.While, ast.For))]


def names_ours(call: ast.Call) -> bool:
    """`monkeypatch.setattr("zhengtong.…", …)`; limits and settings given as plain numbers may be set on a module."""
    first = call.args[0] if call.args else None
    replaced = call.args[-1] if call.args else None
    if isinstance(first, ast.Constant) and str(first.value).startswith("zhengtong"):
        return not isinstance(replaced, ast.Constant)
    return False


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-setup.lock"])
def test_locks_have_hashes_and_no_addresses(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", text.strip()))


def test_the_develop_lock_holds_the_product_lock():
    """`make demo` after `make test` must not need another version."""
    product, develop = (set(pinned(name)) for name in ("requirements.lock", "requirements-dev.lock"))
    assert product - develop == set()


def pinned(name: str) -> list[str]:
    return re.findall(r"^([\w.\[\]-]+==[^ \\\n]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
