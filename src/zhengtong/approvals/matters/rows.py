"""A matter as rows and cells, and back: what the editor's tables post and what a workbook holds.

`flatten` takes a document apart, `assemble` puts one together again and says for every cell that does not fit where it stands and
what is wrong with it. Cells are text as a person types it; empty means not given.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from zhengtong.approvals.matters import elements
from zhengtong.approvals.matters.elements import Column, Table
from zhengtong.approvals.matters.values import MatterDocument

Cells = dict[str, str]
YES, NO = "是", "否"
_NUMBERS = ("min", "max", "minlen", "maxlen", "max_mb")


@dataclass
class Sheets:
    """One matter in cells: `scalars` path → text, `tables` table path → rows of column path → text."""

    scalars: Cells = field(default_factory=dict)
    tables: dict[str, list[Cells]] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """A cell that does not fit. `table` empty: an element that stands once; `row` counts from 0; `path`: the column."""

    table: str
    row: int
    path: str
    message: str

    @property
    def label(self) -> str:
        """The heading of the column."""
        for column in _columns(self.table):
            if column.path == self.path:
                return str(column.label)
        return self.path


def _columns(table: str) -> Iterable[Column]:
    if not table:
        return elements.scalar_columns()
    return next((found.columns for found in elements.tables() if found.path == table), ())


# --- taking apart -------------------------------------------------------------------------------------------------------


def flatten(document: MatterDocument) -> Sheets:
    """The cells of a document; what has its default value is still written out, so that an editor sees it."""
    whole = document.model_dump(mode="json")
    scalars = {column.path: write(column, _dig(whole, column.path)) for column in elements.scalar_columns()}
    return Sheets(scalars, {table.path: _rows_of(whole, table) for table in elements.tables()})


def _dig(whole: Any, path: str) -> Any:
    for part in path.split("."):
        whole = whole.get(part) if isinstance(whole, Mapping) else None
    return whole


def _rows_of(whole: Mapping[str, Any], table: Table) -> list[Cells]:
    found = _dig(whole, table.path) or []
    shapes: dict[str, Callable[[Any], list[Any]]] = {"steps": _step_rows, "form.fields": _field_rows}
    rows = shapes.get(table.path, lambda rows: rows)(found)
    return [{column.path: write(column, _cell(row, column.path)) for column in table.columns} for row in rows]


def _cell(row: Any, path: str) -> Any:
    if path == "":
        return row
    if isinstance(row, list):
        return row[int(path)]
    return _dig(row, path)


def _step_rows(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**step, "group": group["no"], "mode": group["mode"]} for group in groups for step in group["steps"]]


def _field_rows(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for outer in fields:
        rows.append({**outer, "parent": ""})
        rows += [{**inner, "parent": outer["key"]} for inner in outer["fields"]]
    return rows


def write(column: Column, value: Any) -> str:
    """A value as the text of a cell."""
    if value is None or value == "":
        return ""
    if column.kind == elements.BOOLEAN:
        return YES if value else NO
    if column.kind == elements.LIST:
        return "；".join(value)
    if column.kind == elements.OPTIONS:
        return "\n".join(" | ".join(filter(None, (o["value"], o["label"], o["label_en"]))) for o in value)
    if column.kind == elements.RULE:
        return _write_rule(value)
    return str(value)


def _write_rule(rule: Mapping[str, Any]) -> str:
    # In the order of the alphabet: PostgreSQL keeps no order of keys, and the same rule must read the same.
    rest = {key: value for key, value in sorted(rule.items()) if key != "rule"}
    texts = {key: ",".join(value) if isinstance(value, list) else str(value) for key, value in rest.items()}
    if any(";" in text or "\n" in text for text in texts.values()):
        return json.dumps(dict(rule), ensure_ascii=False, sort_keys=True)
    return "; ".join([str(rule.get("rule", "")), *(f"{key}={text}" for key, text in texts.items())])


# --- putting together ---------------------------------------------------------------------------------------------------


class _Bad(Exception):  # noqa: N818
    pass


def assemble(sheets: Sheets) -> tuple[MatterDocument | None, list[Problem]]:
    """The document of these cells, None when a cell does not fit; every problem with its place."""
    builder = _Builder()
    for column in elements.scalar_columns():
        builder.put(column, sheets.scalars.get(column.path, ""), table="", row=0, into=builder.whole)
    for table in elements.tables():
        builder.table(table, sheets.tables.get(table.path, []))
    if builder.problems:
        return None, builder.problems
    _drop_empty_bases(builder.whole["fees"])
    try:
        return MatterDocument.model_validate(builder.whole), []
    except ValidationError as errors:
        return None, [builder.problem(error) for error in errors.errors()]


def _drop_empty_bases(fees: dict[str, Any]) -> None:
    """A law that may be left out and of which nothing but “not checked” was given was left out."""
    for part in (fees, *fees.get("items", [])):
        for name in ("basis", "gate_basis"):
            if not any((part.get(name) or {}).values()):
                part.pop(name, None)


class _Builder:
    """Builds the nested document and remembers from which row each part came."""

    def __init__(self) -> None:
        self.whole: dict[str, Any] = {
            "legal_basis": [],
            "audiences": [],
            "steps": [],
            "fees": {"charged": False},
            "result": {},
            "online": {},
            "statutory_limit": {},
        }
        self.problems: list[Problem] = []
        self.places: dict[tuple[Any, ...], tuple[str, int]] = {}

    def put(self, column: Column, text: str, *, table: str, row: int, into: dict[str, Any]) -> None:
        try:
            value = read(column, text)
        except _Bad as bad:
            self.problems.append(Problem(table, row, column.path, str(bad)))
            return
        if value is None:
            return
        *way, last = column.path.split(".")
        for part in way:
            into = into.setdefault(part, {})
        into[last] = value

    def table(self, table: Table, rows: list[Cells]) -> None:
        for number, cells in enumerate(rows):
            if not any(text.strip() for text in cells.values()):
                continue
            row: dict[str, Any] = {}
            for column in table.columns:
                self.put(column, cells.get(column.path, ""), table=table.path, row=number, into=row)
            place = {"steps": self.step, "form.fields": self.field}.get(table.path, self.plain)(table, row, number)
            self.places[place] = (table.path, number)

    def plain(self, table: Table, row: dict[str, Any], number: int) -> tuple[Any, ...]:
        target: dict[str, Any] = self.whole
        *way, last = table.path.split(".")
        for part in way:
            target = target.setdefault(part, {})
        rows = target.setdefault(last, [])
        if table.columns[0].path == "":
            rows.append(row.get("", ""))
        elif table.columns[0].path == "0":
            rows.append([row.get("0", ""), row.get("1", "")])
        else:
            rows.append(row)
        return (*way, last, len(rows) - 1)

    def step(self, table: Table, row: dict[str, Any], number: int) -> tuple[Any, ...]:
        group, mode = row.pop("group", None), row.pop("mode", "single")
        groups = self.whole["steps"]
        if group is None:
            self.problems.append(Problem(table.path, number, "group", _("请填写第几组。")))
            group = 0
        if not groups or groups[-1]["no"] != group:
            groups.append({"no": group, "mode": mode, "steps": []})
        elif groups[-1]["mode"] != mode:
            self.problems.append(Problem(table.path, number, "mode", _("同一组的组内方式要相同。")))
        groups[-1]["steps"].append(row)
        return ("steps", len(groups) - 1, "steps", len(groups[-1]["steps"]) - 1)

    def field(self, table: Table, row: dict[str, Any], number: int) -> tuple[Any, ...]:
        fields = self.whole.setdefault("form", {}).setdefault("fields", [])
        parent = row.pop("parent", "")
        if not parent:
            fields.append(row)
            return ("form", "fields", len(fields) - 1)
        index = next((n for n, outer in enumerate(fields) if outer.get("key") == parent), None)
        if index is None:
            self.problems.append(
                Problem(table.path, number, "parent", _("前面没有键为“{key}”的重复项。").format(key=parent))
            )
            return ("nowhere", number)
        inner = fields[index].setdefault("fields", [])
        inner.append(row)
        return ("form", "fields", index, "fields", len(inner) - 1)

    def problem(self, error: Any) -> Problem:
        """A complaint of the typed document, at the cell it came from."""
        where = tuple(error["loc"])
        message = _in_words(error)
        for length in range(len(where), 0, -1):
            if where[:length] in self.places:
                table, row = self.places[where[:length]]
                rest = [str(part) for part in where[length:]]
                path = rest[0] if rest[:1] in (["options"], ["validation"]) else ".".join(rest)
                return Problem(table, row, path, message)
        return Problem("", 0, ".".join(str(part) for part in where if not isinstance(part, int)), message)


def _in_words(error: Any) -> str:
    words = {
        "missing": _("必须填写。"),
        "extra_forbidden": _("不认识这一项。"),
        "string_pattern_mismatch": _("只能用小写字母、数字和短横线，2到80个。"),
        "int_type": _("应为整数。"),
        "int_parsing": _("应为整数。"),
        "literal_error": _("不在可选的值里。"),
    }
    return words.get(error["type"], _("内容不对，请核对。"))


def read(column: Column, text: str) -> Any:
    """The value of a cell; None when it is empty. Raises `_Bad` with a sentence."""
    text = text.strip() if column.kind not in (elements.OPTIONS, elements.LONG) else text.strip("\n ")
    if not text:
        return None
    return _READERS.get(column.kind, lambda column, text: text)(column, text)


def _read_integer(column: Column, text: str) -> int:
    try:
        return int(text.removesuffix(".0"))
    except ValueError:
        raise _Bad(_("“{text}”不是整数。").format(text=text[:20])) from None


def _read_boolean(column: Column, text: str) -> bool:
    if text.lower() in (YES, "true", "1", "yes", "y", "√", "on"):
        return True
    if text.lower() in (NO, "false", "0", "no", "n", "×"):
        return False
    raise _Bad(_("应填“是”或“否”。"))


def _read_choice(column: Column, text: str) -> Any:
    for value, label in column.choices:
        if text in (value, str(label)):
            return int(value) if column.path == "online.depth" else value
    known = "、".join(value for value, _label in column.choices)
    raise _Bad(_("“{text}”不在可选的值里：{known}。").format(text=text[:20], known=known))


def _read_list(column: Column, text: str) -> list[str]:
    found = [part.strip() for part in text.replace("\n", "；").replace(";", "；").split("；") if part.strip()]
    labels = {str(label): value for value, label in column.choices}
    found = [labels.get(part, part) for part in found]
    unknown = [part for part in found if column.choices and part not in dict(column.choices)]
    if unknown:
        raise _Bad(_("“{text}”不在可选的值里。").format(text=unknown[0][:20]))
    return found


def _read_options(column: Column, text: str) -> list[dict[str, str]]:
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if not any(parts):
            continue
        if len(parts) < 2 or len(parts) > 3 or not parts[0] or not parts[1]:
            raise _Bad(_("选项“{line}”应写成：值 | 名称 | 英文。").format(line=line[:30]))
        found.append(dict(zip(("value", "label", "label_en"), parts, strict=False)))
    return found


def _read_rule(column: Column, text: str) -> dict[str, Any]:
    if text.startswith("{"):
        return _read_json_rule(text)
    name, *parts = [part.strip() for part in text.split(";")]
    rule: dict[str, Any] = {"rule": name}
    for part in filter(None, parts):
        key, sign, value = part.partition("=")
        if not sign:
            raise _Bad(_("校验规则“{part}”应写成：名称=值。").format(part=part[:30]))
        rule[key.strip()] = _argument(key.strip(), value.strip())
    return rule


def _read_json_rule(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _Bad(_("校验规则的JSON读不懂。"))
    return found


def _argument(key: str, value: str) -> Any:
    if key == "accept":
        return [part.strip() for part in value.split(",") if part.strip()]
    if key not in _NUMBERS:
        return value
    try:
        return int(value) if value.lstrip("-").isdigit() else float(value)
    except ValueError:
        raise _Bad(_("校验规则的“{key}”应为数字。").format(key=key)) from None


_READERS: dict[str, Callable[[Column, str], Any]] = {
    elements.INTEGER: _read_integer,
    elements.BOOLEAN: _read_boolean,
    elements.CHOICE: _read_choice,
    elements.LIST: _read_list,
    elements.OPTIONS: _read_options,
    elements.RULE: _read_rule,
}
