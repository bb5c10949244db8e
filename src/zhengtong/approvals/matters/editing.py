"""A section of a matter as inputs on a page, and back as cells; adding, moving and removing rows works without scripts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.matters import elements, rows
from zhengtong.approvals.matters.elements import Column, Section, Table
from zhengtong.approvals.matters.prefill import PATHS
from zhengtong.approvals.matters.rows import Cells, Problem, Sheets
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.identifiers import matter_code
from zhengtong.security.pmi import public as pmi

BUTTONS = ("add", "remove", "up")
MOST_ROWS = 200
_GIVEN_ANYWAY = (elements.BOOLEAN, elements.CHOICE)
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Input:
    """One element on the page, drawn by the design system's `field`."""

    name: str
    label: str
    hint: str
    kind: str
    value: Any
    error: str = ""
    options: Options = ()
    width: int = 0
    inputmode: str | None = None
    rows: int | None = None
    readonly: bool = False


@dataclass(frozen=True)
class InputRow:
    """One row of a table: a heading to recognise it by, and its inputs."""

    number: int
    name: str
    title: str
    inputs: tuple[Input, ...]
    is_open: bool
    first: bool


@dataclass(frozen=True)
class InputTable:
    """A table of a section."""

    path: str
    title: str
    help: str
    rows: tuple[InputRow, ...]


# --- reading what came back ---------------------------------------------------------------------------------------------


def posted(section: Section, raw: Any) -> Sheets:
    """The cells of a section as they came back; rows in which nothing was written are left out."""
    scalars = {column.path: _cell(column, raw, f"s.{column.path}") for column in section.columns}
    return Sheets(scalars, {table.path: _rows(table, raw) for table in section.tables})


def _rows(table: Table, raw: Any) -> list[Cells]:
    start = f"t.{table.path}."
    found = {
        int(m[1]) for name in raw if name.startswith(start) and (m := re.match(r"(\d{1,4})\.", name[len(start) :]))
    }
    rows_ = [{c.path: _cell(c, raw, f"{start}{n}.{c.path}") for c in table.columns} for n in sorted(found)[:MOST_ROWS]]
    return [
        cells for cells in rows_ if any(cells[c.path].strip() for c in table.columns if c.kind not in _GIVEN_ANYWAY)
    ]


def _cell(column: Column, raw: Any, name: str) -> str:
    if column.kind == elements.BOOLEAN:
        return rows.YES if raw.get(name) else rows.NO
    if column.kind == elements.LIST and column.choices:
        return "；".join(raw.getlist(name))
    return raw.get(name, "").replace("\r\n", "\n")


def obey(section: Section, part: Sheets, raw: Mapping[str, str]) -> tuple[str, int] | None:
    """Carry out an add, remove or up button on the cells; which row to open then, None when no such button was pressed."""
    for table in section.tables:
        own = part.tables[table.path]
        if raw.get("add") == table.path:
            own.append(_empty(table, own))
            return table.path, len(own) - 1
        for button in ("remove", "up"):
            match = re.fullmatch(rf"{re.escape(table.path)}\.(\d{{1,4}})", raw.get(button, ""))
            if match and int(match[1]) < len(own):
                return table.path, _move(own, int(match[1]), button)
    return None


def _empty(table: Table, own: list[Cells]) -> Cells:
    cells = {column.path: column.choices[0][0] if column.kind == elements.CHOICE else "" for column in table.columns}
    numbered = next((c.path for c in table.columns if c.path in ("no", "group")), None)
    if numbered:
        used = [int(row[numbered]) for row in own if row[numbered].isdigit()]
        cells[numbered] = str(max(used, default=0) + 1)
    return cells


def _move(own: list[Cells], number: int, button: str) -> int:
    if button == "remove":
        own.pop(number)
        return -1
    before = max(number - 1, 0)
    own[before], own[number] = own[number], own[before]
    return before


def merged(document: MatterDocument, part: Sheets) -> Sheets:
    """All cells of a matter with those of one section replaced."""
    whole = rows.flatten(document)
    whole.scalars.update({path: text for path, text in part.scalars.items() if path != "key"})
    whole.tables.update(part.tables)
    return whole


def errors_of(section: Section, problems: Sequence[Problem]) -> dict[str, str]:
    """Input name → sentence for the problems of a section; what stands nowhere on the page is under the empty name."""
    found: dict[str, str] = {}
    for problem in problems:
        known = {c.path for c in section.columns} if not problem.table else set()
        for table in section.tables:
            known |= {c.path for c in table.columns} if table.path == problem.table else set()
        name = f"t.{problem.table}.{problem.row}.{problem.path}" if problem.table else f"s.{problem.path}"
        found.setdefault(name if problem.path in known else "", f"{problem.label}：{problem.message}")
    return found


# --- drawing ------------------------------------------------------------------------------------------------------------


def inputs(section: Section, sheets: Sheets, errors: Mapping[str, str]) -> list[Input]:
    """The elements of a section that stand once."""
    choices = _Choices()
    return [
        _input(column, sheets.scalars.get(column.path, ""), f"s.{column.path}", errors, choices)
        for column in section.columns
    ]


def tables(
    section: Section, sheets: Sheets, errors: Mapping[str, str], opened: tuple[str, int] | None = None
) -> list[InputTable]:
    """The tables of a section; rows with an error, and the one just added, stand open."""
    choices = _Choices()
    return [_table(table, sheets.tables.get(table.path, []), errors, opened, choices) for table in section.tables]


def _table(
    table: Table, cells: list[Cells], errors: Mapping[str, str], opened: tuple[str, int] | None, choices: "_Choices"
) -> InputTable:
    found = []
    for number, row in enumerate(cells):
        name = f"t.{table.path}.{number}"
        drawn = tuple(_input(c, row.get(c.path, ""), f"{name}.{c.path}", errors, choices) for c in table.columns)
        is_open = opened == (table.path, number) or any(one.error for one in drawn)
        title = _title(table, row) or _("新的一行")
        found.append(InputRow(number, f"{table.path}.{number}", title, drawn, is_open, number == 0))
    return InputTable(table.path, str(table.title), str(table.help), tuple(found))


def _title(table: Table, row: Cells) -> str:
    """What a row is recognised by while it is folded."""
    named = {
        "steps": ("name",),
        "materials": ("no", "name"),
        "form.fields": ("parent", "label", "key"),
        "legal_basis": ("law", "article"),
        "places": ("name", "address"),
    }.get(table.path, (table.name or table.identity,))
    words = [row.get(path, "") for path in named] + _notes(table, row)
    return " · ".join(filter(None, words))[:100]


def _notes(table: Table, row: Cells) -> list[str]:
    if table.path == "steps":
        role = pmi.ROLES.get(row.get("role", ""))
        where = _("第{n}组").format(n=row.get("group", ""))
        written = row.get("workdays", "")
        days = _("{n}个工作日").format(n=written) if written.isdigit() else ""
        return [where, str(role.label) if role else "", days]
    if table.path == "materials":
        if row.get("by_data_sharing") == rows.YES:
            return [_("数据共享")]
        return [_("必交") if row.get("required") == rows.YES else row.get("condition", "")]
    if table.path == "form.fields":
        return [{code: str(label) for code, label in elements.FIELD_TYPES}.get(row.get("type", ""), "")]
    return []


class _Choices:
    """Choices that come from the county's own data, asked once a page."""

    def __init__(self) -> None:
        self._bodies: Options | None = None

    def of(self, column: Column) -> Options | None:
        """Options for elements that name a body, a role or a prefill path; None for all others."""
        last = column.path.rpartition(".")[2]
        if last in ("department", "shared_by"):
            return self.bodies
        if last in ("role", "accept_role"):
            return [("", "—"), *((code, str(role.label)) for code, role in pmi.ROLES.items())]
        if last == "prefill":
            return [("", "—"), *((path, path) for path in PATHS)]
        return None

    @property
    def bodies(self) -> Options:
        """Every body but the villages."""
        if self._bodies is None:
            found = Organization.objects.exclude(kind=Organization.VILLAGE).filter(dissolved_on__isnull=True)
            self._bodies = [("", "—"), *((body.code, body.short_label) for body in found)]
        return self._bodies


def _input(column: Column, text: str, name: str, errors: Mapping[str, str], choices: _Choices) -> Input:
    kind, value, options = "text", text, choices.of(column) or ()
    if options:
        kind = "select"
    elif column.kind == elements.CHOICE:
        empty = [("", "—")] if column.optional else []
        kind, options = "select", [*empty, *((code, str(label)) for code, label in column.choices)]
    elif column.kind == elements.LIST and column.choices:
        kind, options = "checkboxes", [(code, str(label)) for code, label in column.choices]
    elif column.kind == elements.BOOLEAN:
        kind = "checkbox"
    elif column.kind in (elements.LONG, elements.OPTIONS):
        kind = "textarea"
    shown: Any = text.split("；") if kind == "checkboxes" else text == rows.YES if kind == "checkbox" else value
    return Input(
        name=name,
        label=str(column.label),
        hint=str(column.help),
        kind=kind,
        value=shown,
        error=errors.get(name, ""),
        options=options,
        inputmode="numeric" if column.kind == elements.INTEGER else None,
        rows=(4 if column.kind == elements.OPTIONS else 2) if kind == "textarea" else None,
        readonly=column.path == "key" and name == "s.key",
    )


# --- a new matter -------------------------------------------------------------------------------------------------------


def blank(*, key: str, name: str, type_code: str, department: Organization, main: int) -> MatterDocument:
    """The least a matter consists of; the check then says what is still missing."""
    basic = matter_code.make_basic(type_code=type_code, department=department.item_code_serial or "00", main=main)
    level = "5" if department.kind == Organization.TOWNSHIP else "4"
    body = department.uscc or "0" * 18
    return MatterDocument.model_validate(
        {
            "key": key,
            "name": name,
            "type_code": type_code,
            "department": department.code,
            "basic_code": basic,
            "implementation_code": matter_code.make_implementation(body_uscc=body, level=level, basic=basic),
            "codes_synthetic": True,
            "level": level,
            "audiences": ["1"],
            "handling_type": "2",
            "legal_basis": [],
            "statutory_limit": {"days": 20 if type_code == "01" else None},
            "promised_workdays": 20,
            "steps": [
                {"no": 1, "steps": [{"key": "review", "name": _("审查"), "role": "case_officer", "workdays": 5}]},
                {
                    "no": 2,
                    "steps": [
                        {"key": "decision", "name": _("决定"), "role": "approver", "kind": "decide", "workdays": 2}
                    ],
                },
            ],
            "fees": {"charged": False},
            "result": {"name": name, "kind": "licence" if type_code == "01" else "record"},
            "online": {"depth": 3},
        }
    )
