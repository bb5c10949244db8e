"""The documents agree with the tree: every requirement names its module and its test, every link leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.house.code import PACKAGE, ROOT, files

DOCS = ROOT / "docs"
ROW = re.compile(r"^\|\s*\**([A-Z]\d+[a-z]?(?:[.–-]\d+)?)\**\s*\|(.+)\|\s*$")
TICKED = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def requirement_rows() -> list[tuple[str, str]]:
    text = (DOCS / "requirements.md").read_text(encoding="utf-8")
    return [hit.groups() for line in text.splitlines() if (hit := ROW.match(line))]


def named(row: str, folder: str) -> list[str]:
    return [name for name in TICKED.findall(row) if name.startswith(f"{folder}/")]


def exists(name: str) -> bool:
    """A path, or a test in it: `tests/…/test_x.py::TestA::test_b`."""
    path, *parts = name.split("::")
    target = ROOT / path
    return target.exists() and all(re.search(rf"(def|class) {re.escape(p)}\b", target.read_text()) for p in parts)


def test_there_are_requirements():
    assert len(requirement_rows()) >= 7


def test_every_requirement_names_a_module_and_a_test_that_exist():
    wrong = []
    for number, row in requirement_rows():
        for folder in ("src", "tests"):
            found = named(row, folder)
            if not found:
                wrong.append(f"{number} names nothing in {folder}/")
            wrong += [f"{number}: {name} does not exist" for name in found if not exists(name)]
    assert wrong == []


def packages() -> list[str]:
    """Floors and apps, as the index names them: `kernel`, `foundation/events` …"""
    folders = [p.parent.relative_to(PACKAGE) for p in files() if p.name == "__init__.py" and p.is_relative_to(PACKAGE)]
    return sorted(str(f) for f in folders if len(f.parts) <= 2 and f.parts and f.parts[0] not in ("config", "kernel"))


def test_the_index_names_every_package():
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    assert [name for name in [*packages(), "config", "kernel"] if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    "name",
    [
        "docs/index.md",
        "docs/glossary.md",
        "docs/architecture.md",
        "docs/requirements.md",
        "docs/systems/approvals.md",
        "docs/guides/clerk.md",
        "docs/guides/department.md",
        "docs/guides/it-officer.md",
        "README.md",
        "README.zh-CN.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE",
        "publiccode.yml",
    ],
)
def test_the_document_is_there(name):
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def pages() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def leads_nowhere(page: Path, target: str) -> bool:
    path = target.partition("#")[0]
    elsewhere = "://" in target or target.startswith(("mailto:", "/"))
    return bool(path) and not elsewhere and not (page.parent / path).exists()


def test_every_link_leads_somewhere():
    links = [(page, target) for page in pages() for target in LINK.findall(page.read_text(encoding="utf-8"))]
    assert [f"{page.relative_to(ROOT)}: {target}" for page, target in links if leads_nowhere(page, target)] == []


def test_every_command_is_in_the_make_help():
    """What a document tells to type after `make` is a target that `make help` lists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    wrong = []
    for page in pages():
        for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")):
            if target not in targets:
                wrong.append(f"{page.relative_to(ROOT)}: make {target}")
    assert wrong == []
