"""The source tree as data, for the rules about it."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "zhengtong"


@lru_cache(maxsize=1)
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project: tracked, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(path for path in (ROOT / line for line in sorted(listed)) if path.is_file())


def sources(folder: Path = PACKAGE) -> Iterator[Path]:
    """Python files below `folder`, migrations aside."""
    yield from (p for p in files() if p.suffix == ".py" and p.is_relative_to(folder) and "migrations" not in p.parts)


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, methods and inner ones included."""
    yield from (n for n in ast.walk(parsed(path)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))


def called(node: ast.Call) -> str:
    """The name of what is called, as written: `timezone.now`."""
    return ast.unparse(node.func)


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call of a file."""
    yield from (n for n in ast.walk(parsed(path)) if isinstance(n, ast.Call))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything a file imports, names included: `zhengtong.kernel.errors.Refusal`."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def place(path: Path, line: int = 0) -> str:
    """`src/zhengtong/…/views.py:12`, as a finding is shown."""
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))


def app_of(path: Path) -> tuple[str, str] | None:
    """(group, app) of a file of the package; None on the floors without apps (config, kernel)."""
    parts = path.relative_to(PACKAGE).parts
    floors = {"config", "kernel", "templates", "static", "locale"}
    return (parts[0], parts[1]) if len(parts) > 2 and parts[0] not in floors else None
