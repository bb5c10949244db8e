"""Make the two fonts in which official papers are printed, out of Debian's package `fonts-noto-cjk`.

    apt-get install fonts-noto-cjk
    .venv/bin/python tools/make_fonts.py            # writes src/zhengtong/approvals/papers/fonts/
    .venv/bin/python tools/make_fonts.py --check    # says whether the files there are what this script would write

The package's collections hold five regional designs of 65,535 glyphs in two weights: 53 MB. A paper needs one design
(Simplified Chinese). The regular weight keeps *every* Chinese character the font has, because names of people and
places use rare ones; the bold weight, used for headings and labels only, keeps GB 2312. A rarer character in a heading
is then taken from the regular weight.
The glyphs themselves are not changed, and the family keeps its name, as the SIL Open Font License 1.1 allows.

Beside each font a `.txt` file holds its characters as hexadecimal ranges, so that the product can tell that a name
can be printed without opening a 12 MB file.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

SOURCE = Path("/usr/share/fonts/opentype/noto")
TARGET = Path(__file__).resolve().parent.parent / "src/zhengtong/approvals/papers/fonts"
FAMILY = "Noto Serif CJK SC"
FEATURES = ["ccmp", "halt", "kern", "liga", "locl", "mark", "mkmk", "palt"]
# Hangul and its parts (Chinese papers do not use them), private use, arrows of keyboards: dropped by not being listed.
LATIN = [(0x20, 0x24F), (0x2B0, 0x36F), (0x370, 0x3FF), (0x400, 0x45F), (0x1E00, 0x1EFF), (0x2000, 0x206F)]
SYMBOLS = [(0x20A0, 0x20CF), (0x2100, 0x23FF), (0x2460, 0x27BF), (0x2E80, 0x312F), (0x31A0, 0x33FF)]
FORMS = [(0xFE10, 0xFE1F), (0xFE30, 0xFE6F), (0xFF00, 0xFF9F), (0xFFE0, 0xFFEF)]
IDEOGRAPHS = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)]
FILES = {"Regular": "NotoSerifSC-Regular.otf", "Bold": "NotoSerifSC-Bold.otf"}


def spread(ranges: Iterable[tuple[int, int]]) -> set[int]:
    """All code points of the ranges, both ends included."""
    return {point for first, last in ranges for point in range(first, last + 1)}


def gb2312() -> set[int]:
    """The 7,445 characters of GB 2312."""
    points = set()
    for lead in range(0xA1, 0xF8):
        for trail in range(0xA1, 0xFF):
            try:
                points.add(ord(bytes([lead, trail]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return points


def wanted(weight: str) -> set[int]:
    """The characters to keep in this weight."""
    if weight == "Regular":
        return spread(LATIN + SYMBOLS + FORMS + IDEOGRAPHS)
    return spread(LATIN + SYMBOLS + FORMS) | gb2312()


def open_source(weight: str) -> TTFont:
    """The Simplified Chinese member of Debian's collection."""
    collection = TTCollection(SOURCE / f"NotoSerifCJK-{weight}.ttc", lazy=True)
    for font in collection.fonts:
        if font["name"].getDebugName(1) == FAMILY:
            return font
    raise SystemExit(f"{FAMILY} is not in {SOURCE}; install Debian's fonts-noto-cjk")


def cut(weight: str, path: Path) -> None:
    """Write the subset of one weight to `path`."""
    font = open_source(weight)
    options = subset.Options(
        layout_features=FEATURES, name_IDs=["*"], name_languages=[0x409], notdef_outline=True, hinting=False
    )
    options.drop_tables += ["VORG", "vhea", "vmtx"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted(weight))
    cutter.subset(font)
    font.save(path)


def ranges_of(points: Iterable[int]) -> Iterator[str]:
    """`4e00-9fa5` lines for the code points."""
    first = last = -2
    for point in sorted(points):
        if point != last + 1:
            if last >= 0:
                yield f"{first:x}-{last:x}"
            first = point
        last = point
    yield f"{first:x}-{last:x}"


def make(target: Path) -> None:
    """Write both fonts and their lists of characters."""
    target.mkdir(parents=True, exist_ok=True)
    for weight, name in FILES.items():
        cut(weight, target / name)
        points = TTFont(target / name, lazy=True).getBestCmap()
        (target / name).with_suffix(".txt").write_text("\n".join(ranges_of(points)) + "\n")
        size = (target / name).stat().st_size / 1e6
        print(f"{name}: {len(points):,} characters, {size:.1f} MB")


def same(made: Path, kept: Path) -> bool:
    """True when two files say the same; of a font all tables but `head`, which holds the time of making."""
    if made.suffix != ".otf":
        return made.read_bytes() == kept.read_bytes()
    one, other = TTFont(made, lazy=True).reader, TTFont(kept, lazy=True).reader
    tables = set(one.keys())
    return tables == set(other.keys()) and all(one[tag] == other[tag] for tag in tables - {"head"})


def check() -> int:
    """0 when the files in the tree are what this machine's package gives."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        made = sorted(Path(folder).iterdir())
        different = [
            path.name for path in made if not (TARGET / path.name).exists() or not same(path, TARGET / path.name)
        ]
    print("different: " + ", ".join(different) if different else "the fonts are up to date")
    return 1 if different else 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Subset Debian's Noto Serif CJK SC for official papers.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare with the files in the tree")
    if parser.parse_args().check:
        return check()
    make(TARGET)
    return 0


if __name__ == "__main__":
    sys.exit(main())
