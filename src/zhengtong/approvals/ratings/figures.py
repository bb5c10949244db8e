"""Satisfaction in figures: the part of 全县实况, the table by department, and the same as CSV and workbook."""

import csv
import io
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.cases.values import FigurePart
from zhengtong.approvals.ratings import queries
from zhengtong.approvals.ratings.values import Satisfaction
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import cells

SATISFIED_TARGET = 90
TONES = {4: "soon", 5: "overdue"}


def part(today: date) -> FigurePart:
    """What ratings add to 全县实况: the goal G5, and their own section."""
    county = queries.satisfaction(today=today)[0]
    goals: tuple[tuple[str, float, float, str], ...] = ()
    if county.satisfied_percent is not None:
        detail = _("{n}次评价").format(n=county.rated)
        goals = ((_("办事人满意"), county.satisfied_percent, SATISFIED_TARGET, detail),)
    context = {
        "county": county,
        "stars": [{"label": label, "value": n, "tone": TONES.get(code, "ok")} for code, label, n in queries.levels()],
        "heading": _("好差评（{n}次评价）").format(n=county.rated),
        "shares": shares(county),
    }
    return FigurePart(goals=goals, template="ratings/_figures.html", context=context)


def shares(found: Satisfaction) -> list[dict[str, Any]]:
    """The shares in words, each with the counts it is made of; what has nothing to divide by is left out."""
    rows = (
        (_("满意率"), found.satisfied_percent, found.satisfied, found.rated),
        (_("办件参评率"), found.taking_part_percent, found.finished_rated, found.finished),
        (_("差评答复率"), found.answered_percent, found.answered, found.orders),
        (_("按期联系率"), found.contact_percent, found.contact_in_time, found.contact_due),
        (_("按期整改率"), found.correct_percent, found.correct_in_time, found.correct_due),
        (_("回访满意率"), found.follow_up_percent, found.follow_up_satisfied, found.followed_up),
    )
    return [
        {"label": label, "percent": percent, "counts": _("{part}／{whole}").format(part=part, whole=whole)}
        for label, percent, part, whole in rows
        if percent is not None
    ]


def by_department(*, today: date) -> list[tuple[Organization, Satisfaction]]:
    """Every body that was rated, most ratings first."""
    found = queries.satisfaction(today=today, by_body=True)
    rated = {body: row for body, row in found.items() if body and (row.rated or row.set_aside)}
    bodies = Organization.objects.in_bulk(list(rated))
    return sorted(((bodies[pk], row) for pk, row in rated.items()), key=lambda pair: (-pair[1].rated, pair[0].path))


def _heads() -> list[str]:
    return [
        _("部门"),
        _("评价"),
        _("满意"),
        _("满意率（%）"),
        _("不成立的评价（另计）"),
        _("参评率（%）"),
        _("差评整改单"),
        _("已答复"),
        _("按期联系率（%）"),
        _("按期整改率（%）"),
        _("回访满意率（%）"),
    ]


def table(*, today: date) -> list[list[Any]]:
    """Head and rows, as both files hold them; what has nothing to divide by is empty."""
    return [_heads(), *(_line(body, row) for body, row in by_department(today=today))]


def _line(body: Organization, row: Satisfaction) -> list[Any]:
    return [
        body.label,
        row.rated,
        row.satisfied,
        row.satisfied_percent,
        row.set_aside,
        row.taking_part_percent,
        row.orders,
        row.answered,
        row.contact_percent,
        row.correct_percent,
        row.follow_up_percent,
    ]


def to_csv(*, today: date) -> bytes:
    """For spreadsheet programs: with a mark, so that Chinese is read; no cell begins like a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in table(today=today):
        writer.writerow([cells.safe(c) if isinstance(c, str) else c for c in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_xlsx(*, today: date) -> bytes:
    """The same as a workbook."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("满意度"))
    sheet.freeze_panes = "B2"
    for number, row in enumerate(table(today=today)):
        line = [WriteOnlyCell(sheet, value=value) for value in row]
        for cell in line:
            if isinstance(cell.value, str):
                cell.data_type = "s"
            if not number:
                cell.font = Font(bold=True)
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
