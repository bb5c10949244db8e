"""A version as it is read: sections with the elements that are filled in, and what the check says about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from zhengtong.approvals.matters import elements, rows
from zhengtong.approvals.matters.elements import Column, Section, Table
from zhengtong.approvals.matters.lint import ERROR, Finding
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.pmi import public as pmi

Labels = Mapping[str, Mapping[str, str]]
LEFT_OUT = ("codes_synthetic", "article_no", "version", "anchor", "unit_in_law", "depth_name", "rich", "max_items")
"""Last parts of paths that an editor needs and a reader does not."""
LEFT_OUT_OF_TABLES = ("key", "name_en", "prefill", "personal", "page", "max_from", "rate_checked")


@dataclass(frozen=True)
class ReadTable:
    """A table with the columns that hold something."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True)
class ReadSection:
    """A section: pairs of label and value, tables, and its findings."""

    key: str
    title: str
    pairs: tuple[tuple[str, str], ...]
    tables: tuple[ReadTable, ...]
    errors: int
    warnings: int


def sections(document: MatterDocument, findings: Sequence[Finding] = ()) -> list[ReadSection]:
    """All sections of a document."""
    sheets = rows.flatten(document)
    county = county_labels()
    return [_section(section, sheets, findings, county) for section in elements.SECTIONS]


def _section(section: Section, sheets: rows.Sheets, findings: Sequence[Finding], county: Labels) -> ReadSection:
    pairs = tuple(
        (str(column.label), shown(column, sheets.scalars[column.path], county))
        for column in section.columns
        if sheets.scalars[column.path] and _is_read(column)
    )
    own = [finding.level for finding in findings if elements.section_of(finding.where) == section.key]
    errors = own.count(ERROR)
    read = tuple(
        _table(table, sheets.tables[table.path], county) for table in section.tables if sheets.tables[table.path]
    )
    return ReadSection(section.key, str(section.title), pairs, read, errors, len(own) - errors)


def _is_read(column: Column) -> bool:
    last = column.path.rpartition(".")[2]
    return last not in LEFT_OUT and not (last.endswith("_en") and column.path != "name_en")


def _table(table: Table, cells: list[rows.Cells], county: Labels) -> ReadTable:
    filled = [c for c in table.columns if any(row[c.path] not in ("", rows.NO) for row in cells)]
    columns = [c for c in filled if _is_read(c) and c.path not in LEFT_OUT_OF_TABLES]
    heads = tuple(str(column.label) for column in columns)
    body = tuple(
        tuple((head, shown(c, row[c.path], county)) for head, c in zip(heads, columns, strict=True)) for row in cells
    )
    return ReadTable(str(table.title), heads, body)


def shown(column: Column, text: str, county: Labels) -> str:
    """A cell in words: labels instead of codes."""
    if column.kind == elements.BOOLEAN:
        return _("是") if text == rows.YES else _("否") if text else ""
    if column.kind == elements.OPTIONS:
        return "、".join(line.split(" | ")[1] for line in text.splitlines() if " | " in line)
    labels = {value: str(label) for value, label in column.choices} or county.get(column.path.rpartition(".")[2], {})
    if column.kind == elements.LIST:
        return "、".join(labels.get(part, part) for part in text.split("；") if part)
    return labels.get(text, text)


def county_labels() -> Labels:
    """Names of bodies and roles, by the last part of the path of an element that holds their code."""
    roles = {code: str(role.label) for code, role in pmi.ROLES.items()}
    found = Organization.objects.exclude(kind=Organization.VILLAGE)
    bodies = {body.code: body.short_label for body in found}
    return {"role": roles, "accept_role": roles, "department": bodies, "shared_by": bodies}
