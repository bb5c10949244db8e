"""The signed log as files: `checkpoint`, `keys` and `tile/…` as C2SP tlog-tiles names them. Hashes only, no entry."""

from pathlib import Path

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import NotFound
from zhengtong.security.audit import queries, records, signing
from zhengtong.security.audit.merkle import TILE_HEIGHT, TILE_WIDTH


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """`tile/<level>/x001/x234/067` and `.p/<width>` for a partial one."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    tail = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{tail}"


def export(folder: Path) -> tuple[int, int]:
    """Write the newest signed log below `folder`; entries and files. Full tiles that are there already stay as they are.

    Raises `NotFound` when nothing was signed yet.
    """
    last = queries.last_checkpoint()
    if last is None:
        raise NotFound(_("日志还没有检查点，请稍后再取。"))
    tree, files, level = records.tree(last.size), 2, 0
    while last.size >> (TILE_HEIGHT * level):
        hashes = last.size >> (TILE_HEIGHT * level)
        for index in range(-(-hashes // TILE_WIDTH)):
            width = min(TILE_WIDTH, hashes - index * TILE_WIDTH)
            path = folder / tile_path(level, index, width)
            files += 1
            if width == TILE_WIDTH and path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(tree.read(level, index)[:width]))
        level += 1
    (folder / "keys").write_text("".join(f"{key.vkey}\n" for key in signing.log_keys()), encoding="utf-8")
    (folder / "checkpoint").write_text(queries.cosigned_note(last), encoding="utf-8")
    return last.size, files
