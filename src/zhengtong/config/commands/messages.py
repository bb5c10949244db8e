"""`zhengtong messages`: Chinese is the source of every visible word; this keeps the English catalogue complete.

Each app has its own fragment `locale/en/<group>.<app>.po`, so that people who work on different systems never edit one file; all
fragments together are compiled into `locale/en/LC_MESSAGES/django.mo`. Everything is Python: no gettext tools are needed.
"""

import argparse
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]
ENGLISH = PACKAGE / "locale" / "en"
COMPILED = ENGLISH / "LC_MESSAGES" / "django.mo"
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
HEADER = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
    "Language": "en",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}
CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
PLACEHOLDER = re.compile(r"\{(\w*)\}|%\((\w+)\)")
TEMPLATE_CODE = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?%\}.*?\{%\s*endblocktrans(?:late)?\s*%\}|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}"
    r"|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^<>]*\blang=\"zh-Hans\"[^<>]*>[^<]*",
    re.DOTALL,
)


@dataclass(frozen=True)
class Key:
    """What a translation is looked up by."""

    msgid: str
    plural: str = ""
    context: str = ""


@dataclass
class Report:
    """What stands between the sources and a complete English catalogue; each line names a file."""

    missing: dict[Key, list[str]] = field(default_factory=dict)
    obsolete: list[str] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)
    disagreeing: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    unwrapped: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Every finding as a sentence."""
        for key, places in self.missing.items():
            yield f"missing in {fragment_of(places[0])}: {key.msgid!r} ({places[0]})"
        for title in ("obsolete", "untranslated", "disagreeing", "placeholders", "unwrapped"):
            yield from (f"{title}: {text}" for text in getattr(self, title))


def fragment_of(place: str) -> str:
    """`approvals/cases/views.py:12` → `approvals.cases.po`; kernel, config and templates have one each."""
    parts = Path(place.partition(":")[0]).parts
    if parts[0] == "templates" and parts[1] in ("account", "mfa", "allauth"):  # pages of signing in, drawn for allauth
        return "security.accounts.po"
    return (
        f"{parts[0]}.po"
        if len(parts) < 3 or parts[0] in ("kernel", "config", "templates")
        else f"{parts[0]}.{parts[1]}.po"
    )


def _sources() -> Iterator[Path]:
    for pattern in ("*.py", "*.html", "*.txt"):
        for path in sorted(PACKAGE.rglob(pattern)):
            ours = "migrations" not in path.parts and "data" not in path.parts and path.is_file()
            if ours and (path.suffix != ".txt" or "templates" in path.parts):
                yield path


def _messages(path: Path) -> Iterator[tuple[int, Key]]:
    from babel.messages.extract import extract
    from django.utils.translation.template import templatize

    text = path.read_text(encoding="utf-8")
    is_template = path.suffix != ".py"
    code = text
    if is_template:  # what the templates leave is not indented like Python
        code = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
    options = {"encoding": "utf-8"}
    for keyword in KEYWORDS:
        if keyword + "(" not in code:
            continue
        found = extract("python", io.BytesIO(code.encode()), {keyword: KEYWORDS[keyword]}, options=options)
        for line, message, _comments, context in found:
            msgid, plural = message if isinstance(message, tuple) else (message, "")
            if (
                is_template and keyword == "_"
            ):  # the template engine doubles percent signs of constants before looking them up
                msgid = msgid.replace("%", "%%")
            if msgid:
                yield line, Key(msgid, plural or "", context or "")


def collect() -> dict[Key, list[str]]:
    """Every message of the sources with the places it is used at."""
    found: dict[Key, list[str]] = {}
    for path in _sources():
        place = path.relative_to(PACKAGE).as_posix()
        for line, key in _messages(path):
            found.setdefault(key, []).append(f"{place}:{line}")
    return found


def unwrapped() -> Iterator[str]:
    """Chinese words and punctuation in templates that stand outside of a translate tag."""
    for path in _sources():
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            rest = TEMPLATE_CODE.sub(
                lambda hit: re.sub(r"[^\n]", " ", hit.group()), text
            )  # same length, so that places agree
            for number, (line, shown) in enumerate(zip(rest.split("\n"), text.split("\n"), strict=True), 1):
                for hit in CJK.finditer(line):
                    around = shown[max(hit.start() - 30, 0) : hit.end() + 20]
                    yield f"{path.relative_to(PACKAGE).as_posix()}:{number} {around}"


def fragments() -> list[Path]:
    """The fragments of the English catalogue."""
    return sorted(ENGLISH.glob("*.po"))


def _entries(path: Path) -> Iterator[tuple[Key, tuple[str, ...]]]:
    import polib

    for entry in polib.pofile(str(path), encoding="utf-8"):
        if not entry.obsolete and entry.msgid:
            words = tuple(entry.msgstr_plural.values()) if entry.msgid_plural else (entry.msgstr,)
            yield Key(entry.msgid, entry.msgid_plural or "", entry.msgctxt or ""), words


def catalogue() -> dict[Key, dict[str, tuple[str, ...]]]:
    """What the fragments say: key → {fragment: translation}."""
    found: dict[Key, dict[str, tuple[str, ...]]] = {}
    for path in fragments():
        for key, words in _entries(path):
            found.setdefault(key, {})[path.name] = words
    return found


def _names(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for pair in PLACEHOLDER.findall(text) for name in pair if name}


def check() -> Report:
    """Compare the sources with the fragments."""
    used, known, report = collect(), catalogue(), Report(unwrapped=list(unwrapped()))
    report.missing = {key: places for key, places in used.items() if key not in known}
    for key, versions in known.items():
        where = ", ".join(versions)
        if key not in used:
            report.obsolete.append(f"{where}: {key.msgid!r}")
        if any(not word for words in versions.values() for word in words):
            report.untranslated.append(f"{where}: {key.msgid!r}")
        if len({words for words in versions.values() if all(words)}) > 1:
            report.disagreeing.append(f"{where}: {key.msgid!r} {sorted(set(versions.values()))}")
        unknown = _names(word for words in versions.values() for word in words) - _names((key.msgid, key.plural))
        if unknown:
            report.placeholders.append(f"{where}: {key.msgid!r} does not offer {sorted(unknown)}")
    return report


def _spelled(key: Key) -> str:
    import polib

    entry = polib.POEntry(msgid=key.msgid, msgstr="", msgctxt=key.context or None)
    if key.plural:
        entry = polib.POEntry(
            msgid=key.msgid, msgid_plural=key.plural, msgstr_plural={0: "", 1: ""}, msgctxt=key.context or None
        )
    return entry.__unicode__(wrapwidth=0) if hasattr(entry, "__unicode__") else str(entry)


def fill() -> int:
    """Append what is missing, with an empty translation, to the fragment of the app that uses it first; returns how many."""
    missing = check().missing
    by_fragment: dict[str, list[Key]] = {}
    for key, places in missing.items():
        by_fragment.setdefault(fragment_of(places[0]), []).append(key)
    ENGLISH.mkdir(parents=True, exist_ok=True)
    for name, keys in by_fragment.items():
        with (ENGLISH / name).open("a", encoding="utf-8") as out:
            out.writelines("\n" + _spelled(key).strip("\n") + "\n" for key in keys)
    return len(missing)


def prune() -> int:
    """Remove messages that no source uses any more; returns how many."""
    import polib

    used, removed = collect(), 0
    for path in fragments():
        catalog = polib.pofile(str(path), encoding="utf-8", wrapwidth=0)
        stale = [e for e in catalog if Key(e.msgid, e.msgid_plural or "", e.msgctxt or "") not in used]
        if stale:
            kept = [e for e in catalog if e not in stale]
            text = "\n".join(entry.__unicode__(wrapwidth=0).strip("\n") + "\n" for entry in kept)
            path.write_text(text, encoding="utf-8")
            removed += len(stale)
    return removed


def compile_catalogue() -> Path:
    """Write `django.mo` from all fragments; untranslated messages are left out, so that Chinese is shown for them."""
    import polib

    compiled = polib.POFile(encoding="utf-8", check_for_duplicates=False)
    compiled.metadata = HEADER
    for key, versions in catalogue().items():
        words = next((w for w in versions.values() if all(w)), None)
        if words is None:
            continue
        plural = (
            {"msgid_plural": key.plural, "msgstr_plural": dict(enumerate(words))}
            if key.plural
            else {"msgstr": words[0]}
        )
        compiled.append(polib.POEntry(msgid=key.msgid, msgctxt=key.context or None, **plural))
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    unfinished = COMPILED.with_suffix(f".mo.{os.getpid()}.new")
    compiled.save_as_mofile(str(unfinished))
    unfinished.replace(COMPILED)
    return COMPILED


def compile_if_stale() -> None:
    """Compile when a fragment is newer than what was compiled; what `serve`, `demo` and the tests call first."""
    newest = max((path.stat().st_mtime for path in [*fragments(), ENGLISH]), default=0)
    if not COMPILED.exists() or COMPILED.stat().st_mtime < newest:
        compile_catalogue()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Compile by default; check, fill or prune on request."""
    parser.add_argument(
        "--check", action="store_true", help="exit 1 when a message is missing, obsolete, untranslated or not wrapped"
    )
    parser.add_argument(
        "--fill", action="store_true", help="add missing messages with an empty translation to their fragments"
    )
    parser.add_argument("--prune", action="store_true", help="remove messages that no source uses")
    parser.add_argument(
        "--only", default="", metavar="WORD", help="show only findings that contain WORD, such as approvals.cases"
    )


def run(options: argparse.Namespace) -> int:
    """Do what was asked; the exit status of `--check` is 1 when anything is left to do."""
    if options.check:
        report = check()
        lines = [line for line in report.lines() if options.only in line]
        print("\n".join(lines) or "The English catalogue is complete.")
        return 1 if lines else 0
    if options.prune:
        print(f"{prune()} obsolete messages removed")
    if options.fill:
        print(f"{fill()} messages to translate were added to {ENGLISH}")
    if not (options.prune or options.fill):
        print(f"compiled {compile_catalogue()}")
    return 0
