"""What changed from one version to the next, element by element."""

from collections.abc import Iterator
from dataclasses import dataclass

from zhengtong.approvals.matters import elements, rows
from zhengtong.approvals.matters.elements import Column, Table
from zhengtong.approvals.matters.values import MatterDocument


@dataclass(frozen=True)
class Difference:
    """One element that differs. `row` names the repeated element (材料 营业执照); `old` or `new` is empty when it came or went."""

    section: str
    row: str
    label: str
    old: str
    new: str


def differences(old: MatterDocument | None, new: MatterDocument) -> list[Difference]:
    """Every element that differs, in the order of the sections. Without `old`: everything that is not at its default."""
    before = rows.flatten(old) if old is not None else rows.Sheets()
    after = rows.flatten(new)
    found: list[Difference] = []
    for section in elements.SECTIONS:
        for column in section.columns:
            found += _cell(
                str(section.title), "", column, before.scalars.get(column.path, ""), after.scalars[column.path]
            )
        for table in section.tables:
            found += _table(table, before.tables.get(table.path, []), after.tables[table.path])
    return found


def _cell(section: str, row: str, column: Column, old: str, new: str) -> Iterator[Difference]:
    if old != new and column.kind == elements.LIST and old and new:
        before, after = old.split("；"), new.split("；")
        old = "；".join(part for part in before if part not in after)
        new = "；".join(part for part in after if part not in before)
        old, new = (old, new) if old or new else ("；".join(before), "；".join(after))
    if old != new:
        yield Difference(section, row, str(column.label), _shown(column, old), _shown(column, new))


def _shown(column: Column, text: str) -> str:
    labels = {value: str(label) for value, label in column.choices}
    if column.kind == elements.LIST and labels:
        return "；".join(labels.get(part, part) for part in text.split("；"))
    return labels.get(text, text) if column.kind == elements.CHOICE else text


def _table(table: Table, old: list[rows.Cells], new: list[rows.Cells]) -> Iterator[Difference]:
    before, after = _named(table, old), _named(table, new)
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            said = before[name].get(table.name, "") or name
            yield Difference(str(table.title), said, "", _summary(table, before[name]), "")
        elif name not in before:
            said = after[name].get(table.name, "") or name
            yield Difference(str(table.title), said, "", "", _summary(table, after[name]))
        else:
            said = after[name].get(table.name, "") or name
            for column in table.columns:
                yield from _cell(str(table.title), said, column, before[name][column.path], after[name][column.path])


def _named(table: Table, found: list[rows.Cells]) -> dict[str, rows.Cells]:
    named: dict[str, rows.Cells] = {}
    for cells in found:
        name = " ".join(filter(None, (cells.get("parent", ""), cells[table.identity])))
        copies = sum(key == name or key.startswith(f"{name} #") for key in named)
        named[f"{name} #{copies + 1}" if copies else name] = cells
    return named


def _summary(table: Table, cells: rows.Cells) -> str:
    shown = (
        f"{column.label}：{_shown(column, cells[column.path])}"
        for column in table.columns
        if cells[column.path] not in ("", rows.NO)
    )
    return "；".join(shown)
