"""`zhengtong bench NAME`: measure a published figure. Prints progress and, as its last line, one JSON object.

Each benchmark is a module of `benchmarks/` at the root of the source tree with `run(progress) -> dict`. It gets a data folder
of its own that is removed afterwards; the county's data and DATABASE_URL are never touched.
"""

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "benchmarks"
ALL = "all"


def names() -> list[str]:
    """The benchmarks there are: modules of the folder that measure (those that only prepare begin with an underscore)."""
    return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which one."""
    parser.add_argument("name", metavar="NAME", choices=[*names(), ALL], help=f"one of {', '.join(names())}, or {ALL}")
    parser.add_argument("--keep", action="store_true", help="keep the data folder and print where it is")


def run(options: argparse.Namespace) -> int:
    """Measure one, or every one in a process of its own."""
    return _run_all() if options.name == ALL else _run_one(options.name, keep=options.keep)


def _run_all() -> int:
    results: dict[str, object] = {}
    for name in names():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", "zhengtong.config.cli", "bench", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            last = ""
            assert child.stdout is not None
            for line in child.stdout:
                print(line, end="", flush=True)
                last = line
        if child.returncode:
            return child.returncode
        results[name] = json.loads(last)
    print(json.dumps(results, ensure_ascii=False))
    return 0


def _run_one(name: str, *, keep: bool) -> int:
    data = Path(tempfile.mkdtemp(prefix=f"zhengtong-bench-{name}-"))
    os.environ["DATA"] = str(data)
    for given in ("DATABASE_URL", "ZHENGTONG_DEMO"):
        os.environ.pop(given, None)
    sys.path.insert(0, str(ROOT))
    started = time.monotonic()

    def progress(text: str, done: int | None = None, total: int | None = None) -> None:
        share = f" {done}/{total}" if done is not None and total else ""
        print(f"{time.monotonic() - started:7.1f} s  {text}{share}", flush=True)

    try:
        figures = importlib.import_module(f"benchmarks.{name}").run(progress)
    finally:
        if keep:
            print(f"data kept in {data}", flush=True)
        else:
            shutil.rmtree(data, ignore_errors=True)
    print(json.dumps(figures, ensure_ascii=False), flush=True)
    return 0
