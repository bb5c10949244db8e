"""The catalogue as a file: JSON for machines, a workbook for people; both come back as they went out.

A workbook has a sheet for the elements that stand once (事项) and one for each that repeats; every row says by its key which matter it
belongs to. What does not fit is named by sheet, row and column; a file with a problem changes nothing unless asked to skip.
"""

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _
from pydantic import ValidationError

from zhengtong.approvals.matters import elements, rows
from zhengtong.approvals.matters.elements import Column
from zhengtong.approvals.matters.rows import Sheets
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.kernel.errors import Invalid

# openpyxl is loaded by the functions that need it: 19 MB in every process, for a few exports a week.
if TYPE_CHECKING:
    from openpyxl import Workbook

FORMAT = "zhengtong-matters/1"
MAIN, OWNER = "事项", "事项键"
LARGEST_FILE, LARGEST_UNPACKED, MOST_ROWS, LONGEST_CELL = 8_000_000, 200_000_000, 60_000, 32_000


@dataclass(frozen=True)
class RowProblem:
    """What does not fit, where: sheet, row as the spreadsheet counts it, heading of the column, and whose row it is."""

    sheet: str
    row: int
    column: str
    message: str
    key: str = ""

    def __str__(self) -> str:
        return _("工作表“{sheet}”第{row}行“{column}”：{message}").format(
            sheet=self.sheet, row=self.row, column=self.column, message=self.message
        )


@dataclass
class Read:
    """What a file holds: the sound matters, and what does not fit."""

    documents: list[MatterDocument] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


# --- out ----------------------------------------------------------------------------------------------------------------


def to_json(documents: Iterable[MatterDocument]) -> bytes:
    """All elements as JSON."""
    found = [document.model_dump(mode="json", exclude_defaults=True) for document in documents]
    return json.dumps({"format": FORMAT, "matters": found}, ensure_ascii=False, indent=1).encode()


def to_xlsx(documents: Iterable[MatterDocument]) -> bytes:
    """All elements as a workbook."""
    from openpyxl import Workbook

    taken = [(document.key, rows.flatten(document)) for document in documents]
    with translation.override("zh-hans"):
        book = Workbook(write_only=True)
        _write_sheet(book, MAIN, tuple(elements.scalar_columns()), [[s.scalars] for _key, s in taken], None)
        for table in elements.tables():
            _write_sheet(
                book, str(table.title), table.columns, [s.tables[table.path] for _k, s in taken], [k for k, _s in taken]
            )
        out = BytesIO()
        book.save(out)
    return out.getvalue()


def _write_sheet(
    book: "Workbook", title: str, columns: tuple[Column, ...], blocks: list[list[rows.Cells]], keys: list[str] | None
) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    heads = [OWNER, *(str(c.label) for c in columns)] if keys is not None else [str(c.label) for c in columns]
    sheet.append([_cell(sheet, head, bold=True) for head in heads])
    for number, block in enumerate(blocks):
        for cells in block:
            owner = [keys[number]] if keys is not None else []
            sheet.append([_cell(sheet, text) for text in (*owner, *(cells[c.path] for c in columns))])


def _cell(sheet: Any, text: str, *, bold: bool = False) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, value=text or None)
    if text:
        cell.data_type = "s"  # text beginning with = stays text: a workbook must not carry formulas out of a form
    if bold:
        cell.font = Font(bold=True)
    return cell


# --- in -----------------------------------------------------------------------------------------------------------------


def read(name: str, content: bytes) -> Read:
    """What an uploaded file holds. Raises `Invalid` when it is no JSON and no workbook of ours at all."""
    if len(content) > LARGEST_FILE:
        raise Invalid(_("文件太大，最大{mb}MB。请分批导入。").format(mb=LARGEST_FILE // 1_000_000))
    lower = name.lower()
    if lower.endswith(".json"):
        found = from_json(content)
    elif lower.endswith(".xlsx"):
        found = from_xlsx(content)
    else:
        raise Invalid(_("请上传从本系统导出的JSON文件或XLSX工作簿。"))
    return _without_repeats(found)


def _without_repeats(found: Read) -> Read:
    seen: set[str] = set()
    for document in found.documents:
        if document.key in seen:
            message = _("键“{key}”在文件里出现了两次。").format(key=document.key)
            found.problems.append(RowProblem(MAIN, 0, _column("key"), message, document.key))
        seen.add(document.key)
    return found


def _column(path: str) -> str:
    return next(str(column.label) for column in elements.scalar_columns() if column.path == path)


def from_json(content: bytes) -> Read:
    """Read a JSON export; `row` of a problem counts the matters from 1."""
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Invalid(_("这个JSON文件读不出来，可能不完整。请重新导出后再试。")) from None
    entries = data.get("matters") if isinstance(data, dict) else data
    if not isinstance(entries, list) or (isinstance(data, dict) and data.get("format", FORMAT) != FORMAT):
        raise Invalid(_("这不是事项目录的JSON文件：应有“matters”列表。"))
    found = Read()
    for number, entry in enumerate(entries, 1):
        try:
            found.documents.append(MatterDocument.model_validate(entry))
        except (ValidationError, RecursionError) as errors:
            found.problems += _json_problems(number, entry, errors)
    return found


def _json_problems(number: int, entry: Any, errors: Exception) -> list[RowProblem]:
    key = str(entry.get("key", ""))[:80] if isinstance(entry, dict) else ""
    listed = errors.errors() if isinstance(errors, ValidationError) else [{"loc": (), "type": "recursion"}]
    return [
        RowProblem("JSON", number, ".".join(map(str, error["loc"])), rows._in_words(error), key) for error in listed
    ]


def from_xlsx(content: bytes) -> Read:
    """Read a workbook export."""
    book = _open(content)
    found = Read()
    with translation.override("zh-hans"):
        grids = {sheet.title: _grid(sheet) for sheet in book.worksheets}
        if MAIN not in grids:
            raise Invalid(_("工作簿里没有“{sheet}”工作表。请使用从本系统导出的工作簿。").format(sheet=MAIN))
        matters, places = _main(grids[MAIN], found)
        for table in elements.tables():
            _table_rows(
                str(table.title), table.path, table.columns, grids.get(str(table.title)), matters, places, found
            )
    for key, sheets in matters.items():
        document, problems = rows.assemble(sheets)
        found.problems += [_at(problem, key, places) for problem in problems]
        if document is not None:
            found.documents.append(document)
    return found


def _open(content: bytes) -> Any:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    refusal = _("这个工作簿打不开，可能损坏或不是XLSX格式。请用Excel或WPS另存为XLSX后再试。")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > LARGEST_UNPACKED:
                raise Invalid(_("工作簿展开后太大，已拒绝。请分批导入。"))
        return load_workbook(BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, SyntaxError):
        raise Invalid(refusal) from None


def _grid(sheet: Any) -> list[list[str]]:
    grid = []
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MOST_ROWS:
            raise Invalid(_("工作表“{sheet}”超过{n}行，请分批导入。").format(sheet=sheet.title, n=MOST_ROWS))
        grid.append([_text(value) for value in row])
    return grid


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return rows.YES if value else rows.NO
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:LONGEST_CELL]


Places = dict[tuple[str, str, int], tuple[str, int]]
"""(key of the matter, path of the table, row within the matter) → (sheet, row of the sheet)."""


def _heads(sheet: str, grid: list[list[str]], columns: Iterable[Column], found: Read, *, owner: bool) -> dict[str, int]:
    known = {str(column.label): column.path for column in columns} | ({OWNER: OWNER} if owner else {})
    heads: dict[str, int] = {}
    for place, head in enumerate(grid[0] if grid else []):
        if head.strip() in known:
            heads[known[head.strip()]] = place
        elif head.strip():
            found.problems.append(RowProblem(sheet, 1, head, _("不认识这一列，请使用导出的表头。")))
    return heads


def _cells(row: list[str], heads: dict[str, int]) -> rows.Cells:
    return {path: row[place] if place < len(row) else "" for path, place in heads.items()}


def _main(grid: list[list[str]], found: Read) -> tuple[dict[str, Sheets], Places]:
    columns = tuple(elements.scalar_columns())
    heads = _heads(MAIN, grid, columns, found, owner=False)
    matters: dict[str, Sheets] = {}
    places: Places = {}
    for number, row in enumerate(grid[1:], 2):
        if not any(text.strip() for text in row):
            continue
        cells = _cells(row, heads)
        key = cells.get("key", "").strip()
        if not key or key in matters:
            message = _("键“{key}”在文件里出现了两次。").format(key=key) if key else _("必须填写。")
            found.problems.append(RowProblem(MAIN, number, _column("key"), message, key))
            continue
        matters[key] = Sheets(cells)
        places[(key, "", 0)] = (MAIN, number)
    return matters, places


def _table_rows(
    title: str,
    path: str,
    columns: tuple[Column, ...],
    grid: list[list[str]] | None,
    matters: dict[str, Sheets],
    places: Places,
    found: Read,
) -> None:
    if grid is None:
        return
    heads = _heads(title, grid, columns, found, owner=True)
    for number, row in enumerate(grid[1:], 2):
        if not any(text.strip() for text in row):
            continue
        cells = _cells(row, heads)
        key = cells.pop(OWNER, "").strip()
        if key not in matters:
            message = _("“事项”工作表里没有键为“{key}”的事项。").format(key=key)
            found.problems.append(RowProblem(title, number, OWNER, message, key))
            continue
        own = matters[key].tables.setdefault(path, [])
        places[(key, path, len(own))] = (title, number)
        own.append(cells)


def _at(problem: rows.Problem, key: str, places: Places) -> RowProblem:
    sheet, row = places.get((key, problem.table, problem.row), places[(key, "", 0)])
    with translation.override("zh-hans"):
        label = problem.label
    return RowProblem(sheet, row, label, problem.message, key)
