"""先移植后改造: running projects come in from a workbook at their true stage; first shown, then, whole or not at all, written.

Two sheets: 项目 (one row a project) and 事项 (one row a matter, by the project's code). A matter is 已办结, 办理中 or 不需要. What does
not fit is named by sheet, row and column.
"""

import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import events, recording
from zhengtong.approvals.greenway.models import Branch, JointCase, Project, ProjectImport, Template
from zhengtong.approvals.greenway.operations import branches, clockwork, opening
from zhengtong.approvals.greenway.plans import StagePlan
from zhengtong.approvals.greenway.refusals import CannotImport
from zhengtong.approvals.greenway.states import JointKind
from zhengtong.approvals.matters import public as matters
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.kernel.identifiers import project_code
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.values import Principal
from zhengtong.security.pmi import public as pmi

PROJECTS, MATTERS = "项目", "事项"
COLUMNS = {
    PROJECTS: ("投资项目代码", "项目名称", "类别", "统一社会信用代码", "建设地点", "总投资（万元）"),
    MATTERS: ("投资项目代码", "阶段", "事项", "状态", "受理日期", "办结日期", "文号"),
}
DONE, RUNNING, NOT_NEEDED = "已办结", "办理中", "不需要"
LARGEST, UNPACKED, MOST, WIDEST = 4_000_000, 60_000_000, 5_000, 60


@dataclass(frozen=True)
class Problem:
    """What does not fit, and where."""

    sheet: str
    row: int
    column: str
    message: str


@dataclass
class MatterRow:
    """One matter of a running project. Days as ISO text."""

    stage: str
    matter: str
    state: str
    accepted_on: str = ""
    ended_on: str = ""
    number: str = ""
    row: int = 0


@dataclass
class ProjectRow:
    """One running project with its matters."""

    code: str
    name: str
    template: str
    uscc: str
    site: str = ""
    investment: str = ""
    row: int = 0
    matters: list[MatterRow] = field(default_factory=list)


# --- reading: changes nothing -------------------------------------------------------------------------------------------


def empty_workbook() -> bytes:
    """A workbook with the headings, to be filled in."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, columns in COLUMNS.items():
        book.create_sheet(name).append(list(columns))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


@transaction.atomic
def read_file(*, name: str, content: bytes, by: Any, at: datetime) -> ProjectImport:
    """Read a workbook and keep what it holds for its owner to confirm; nothing else is written. Raises `Invalid` for another file."""
    pmi.require(by, "projects.import", on=timezone.localdate(at))
    problems: list[Problem] = []
    rows = read(content, problems, today=timezone.localdate(at))
    ProjectImport.objects.filter(uploaded_by=by, done_at__isnull=True).delete()
    return ProjectImport.objects.create(
        name=name[:120],
        rows=[asdict(row) for row in rows],
        problems=[asdict(problem) for problem in problems],
        uploaded_by=by,
        uploaded_at=at,
    )


def read(content: bytes, problems: list[Problem], *, today: date) -> list[ProjectRow]:
    """The projects of a workbook; what does not fit is added to `problems`."""
    book = _open(content)
    found: dict[str, ProjectRow] = {}
    for number, cells in _rows(book, PROJECTS, problems):
        row = _project(number, cells, problems)
        if row.code in found:
            problems.append(Problem(PROJECTS, number, "投资项目代码", _("同一个代码出现了两次。")))
        found[row.code] = row
    for number, cells in _rows(book, MATTERS, problems):
        owner = found.get(project_code.check(cells["投资项目代码"]).value)
        if owner is None:
            problems.append(Problem(MATTERS, number, "投资项目代码", _("“项目”工作表里没有这个代码。")))
            continue
        owner.matters.append(_matter(number, cells, problems, today))
    for row in found.values():
        _check_against_template(row, problems)
    return list(found.values())


def _open(content: bytes) -> Any:
    from openpyxl import load_workbook

    if len(content) > LARGEST:
        raise Invalid(_("文件太大，请分成几个文件导入。"))
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED:
                raise Invalid(_("文件太大，请分成几个文件导入。"))
        return load_workbook(BytesIO(content), read_only=True, data_only=True)
    except Invalid:
        raise
    except Exception:  # a broken file may break the reader in any way
        raise _no_workbook() from None


def _no_workbook() -> Invalid:
    return Invalid(_("这不是XLSX表格文件，请先下载空表填写。"))


def _rows(book: Any, name: str, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    if name not in book.sheetnames:
        problems.append(Problem(name, 0, "", _("缺少这个工作表，请先下载空表填写。")))
        return
    rows = _read(book[name])
    head = [_text(cell) for cell in next(rows, ())]
    missing = [column for column in COLUMNS[name] if column not in head]
    if missing:
        problems.append(Problem(name, 1, "、".join(missing), _("缺少这些列，表头不要改。")))
        return
    for number, cells in enumerate(rows, 2):
        if number > MOST:
            problems.append(Problem(name, number, "", _("一次最多导入{n}行。").format(n=MOST)))
            return
        named = dict(zip(head, (_text(cell) for cell in cells), strict=False))
        if any(named.values()):
            yield number, {column: named.get(column, "") for column in COLUMNS[name]}


def _read(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The rows, read as they are asked for. Raises `Invalid` where the file is broken."""
    try:
        yield from sheet.iter_rows(values_only=True, max_col=WIDEST)
    except Exception:  # as in `_open`: a sheet is read only here
        raise _no_workbook() from None


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell).strip()[:300]


def _project(number: int, cells: dict[str, str], problems: list[Problem]) -> ProjectRow:
    def wrong(column: str, message: str) -> None:
        problems.append(Problem(PROJECTS, number, column, message))

    finding = project_code.check(cells["投资项目代码"], algorithm=settings.PROJECT_CODE_CHECK)
    for sentence in finding.errors:
        wrong("投资项目代码", sentence)
    if finding.ok and Project.objects.filter(code=finding.value).exists():
        wrong("投资项目代码", _("这个项目已经在本系统里，不能再移植一次。"))
    if not cells["项目名称"]:
        wrong("项目名称", _("请填写项目名称。"))
    if _template(cells["类别"]) is None:
        wrong("类别", _("没有这个投资项目类别。"))
    if accounts.find_enterprise(cells["统一社会信用代码"]) is None:
        wrong("统一社会信用代码", _("这个单位还没有在本系统登记，请先登记单位。"))
    if cells["总投资（万元）"] and _money(cells["总投资（万元）"]) is None:
        wrong("总投资（万元）", _("应填数字，单位万元。"))
    return ProjectRow(
        finding.value,
        cells["项目名称"][:120],
        cells["类别"],
        cells["统一社会信用代码"],
        cells["建设地点"][:200],
        cells["总投资（万元）"],
        number,
    )


def _template(words: str) -> Template | None:
    rows = Template.objects.select_related("current").filter(kind="project", current__isnull=False)
    return next((t for t in rows if t.current and words in (t.key, t.current.name)), None)


def _money(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < Decimal(10) ** 12 else None


def _matter(number: int, cells: dict[str, str], problems: list[Problem], today: date) -> MatterRow:
    row = MatterRow(
        cells["阶段"], cells["事项"], cells["状态"], cells["受理日期"], cells["办结日期"], cells["文号"][:80], number
    )

    def wrong(column: str, message: str) -> None:
        problems.append(Problem(MATTERS, number, column, message))

    if row.state not in (DONE, RUNNING, NOT_NEEDED):
        wrong("状态", _("状态应为“已办结”“办理中”或“不需要”。"))
    accepted, ended = _day(row.accepted_on), _day(row.ended_on)
    if row.state in (DONE, RUNNING) and accepted is None:
        wrong("受理日期", _("请填写受理日期，如2026-08-03。"))
    if row.state == DONE and ended is None:
        wrong("办结日期", _("已办结的请填写办结日期，如2026-08-20。"))
    if row.state == DONE and not row.number:
        wrong("文号", _("已办结的请填写批准文号。"))
    if accepted and accepted > today or ended and ended > today:
        wrong("受理日期", _("日期不能晚于今天。"))
    if accepted and ended and ended < accepted:
        wrong("办结日期", _("办结日期早于受理日期。"))
    return row


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _check_against_template(row: ProjectRow, problems: list[Problem]) -> None:
    """Every matter has its place in the template, and a stage that has begun is told of whole: nothing is guessed."""
    template = _template(row.template)
    if template is None or template.current is None:
        return
    plan = template.current.plan
    names = _names(plan.stages)
    told: dict[str, set[str]] = defaultdict(set)
    for one in row.matters:
        stage = next((s for s in plan.stages if one.stage in (s.key, s.name)), None)
        if stage is None:
            problems.append(Problem(MATTERS, one.row, "阶段", _("这个类别没有这个阶段。")))
            continue
        key = next((b.matter for b in stage.branches if one.matter in (b.matter, names.get(b.matter))), None)
        if key is None or key in told[stage.key]:
            words = _("这个阶段没有这个事项。") if key is None else _("同一个事项出现了两次。")
            problems.append(Problem(MATTERS, one.row, "事项", words))
            continue
        one.stage, one.matter = stage.key, key
        told[stage.key].add(key)
    for stage in plan.stages:
        missing = [names.get(b.matter, b.matter) for b in stage.branches if b.matter not in told[stage.key]]
        if told[stage.key] and missing:
            sentence = _("阶段“{stage}”已经开始，还要写明这些事项的状态：{names}。")
            problems.append(
                Problem(MATTERS, row.row, "事项", sentence.format(stage=stage.name, names="、".join(missing)))
            )


def _names(stages: tuple[StagePlan, ...]) -> dict[str, str]:
    keys = [branch.matter for stage in stages for branch in stage.branches]
    rows = matters.Matter.objects.filter(key__in=keys, current__isnull=False)
    return dict(rows.values_list("key", "current__name"))


# --- writing: all of it or none -------------------------------------------------------------------------------------------


def get_import(import_id: int, *, by: Any) -> ProjectImport:
    """A workbook of one's own. Raises `NotFound`."""
    found = ProjectImport.objects.filter(pk=import_id, uploaded_by=by).first()
    if found is None:
        raise NotFound(_("没有这次导入，可能已被新的上传替换。请重新上传文件。"))
    return found


def rows_of(found: ProjectImport) -> list[ProjectRow]:
    """What the workbook holds."""
    return [ProjectRow(**{**row, "matters": [MatterRow(**one) for one in row["matters"]]}) for row in found.rows]


@transaction.atomic
def carry_out(*, import_id: int, by: Any, at: datetime) -> list[Project]:
    """Take the projects over, each at its true stage with the days its running matters have used. With any problem nothing is written."""
    pmi.require(by, "projects.import", on=timezone.localdate(at))
    get_import(import_id, by=by)
    found = ProjectImport.objects.select_for_update().get(pk=import_id)
    if found.done_at is not None:
        raise CannotImport(_("这个文件已经导入过了，不需要再导入一次。"))
    if found.problems or not found.rows:
        raise CannotImport(_("文件有{n}处问题，没有导入任何项目。请改正后重新上传。").format(n=len(found.problems)))
    made = [_take_over(row, by=by, at=at, source=found.name) for row in rows_of(found)]
    found.done_at = at
    found.save(update_fields=["done_at"])
    return made


def _take_over(row: ProjectRow, *, by: Any, at: datetime, source: str) -> Project:
    body, template = accounts.find_enterprise(row.uscc), _template(row.template)
    if body is None or template is None:
        raise CannotImport(_("文件读取之后单位或类别有了变化，请重新上传。"))
    principal = Principal("enterprise", None, body.pk, body.name, body.uscc, body.phone, body.address, "handler")
    project = opening.open_project(
        template=template,
        principal=principal,
        by=by,
        at=at,
        name=row.name,
        code=row.code,
        site=row.site,
        investment=_money(row.investment) if row.investment else None,
        assisted_by=by,
        channel="import",
        imported=True,
    )
    for joint in project.joints.select_related("lead").order_by("no"):
        joint.project = project
        told = {one.matter: one for one in row.matters if one.stage == joint.key}
        if told:
            _take_over_stage(joint, told, principal, by=by, at=at)
    fact = events.ProjectImported(project_id=project.pk, actor_id=by.pk)
    recording.record(project, JointKind.IMPORT, fact, at=at, by=by, data={"source": source})
    return project


def _take_over_stage(
    joint: JointCase, told: dict[str, MatterRow], principal: Principal, *, by: Any, at: datetime
) -> None:
    running = any(one.state == RUNNING for one in told.values())
    days = [day for one in told.values() if (day := _day(one.accepted_on))]
    joint.accepted_at = joint.submitted_at = _moment(min(days)) if days else at
    joint.save(update_fields=["accepted_at", "submitted_at"])
    kind = JointKind.IMPORT if running else JointKind.IMPORT_DONE
    recording.record(
        joint.project, kind, None, at=at, by=by, joint=joint, data={"accepted_on": str(min(days, default=""))}
    )
    for branch in joint.branches.select_related("matter", "department").order_by("no"):
        branch.joint = joint
        _take_over_branch(branch, told[branch.matter_key], principal, by=by, at=at)
    if running:
        clockwork.start(joint, on=timezone.localdate(joint.accepted_at), at=at)
        branches.settle(joint, at=at)


def _take_over_branch(branch: Branch, told: MatterRow, principal: Principal, *, by: Any, at: datetime) -> None:
    if told.state == NOT_NEEDED:
        recording.move(branch, "skip")
        return
    accepted = _day(told.accepted_on)
    assert accepted is not None  # read with a problem otherwise
    branch.dispatched_at = branch.signed_at = _moment(accepted)
    if told.state == DONE:
        ended = _day(told.ended_on)
        assert ended is not None
        branch.ended_at, branch.result = _moment(ended), told.number
        recording.move(branch, "import_granted", "dispatched_at", "signed_at", "ended_at", "result")
        return
    if branch.level != "county" or branch.matter is None:
        recording.move(branch, "import_forwarded", "dispatched_at", "signed_at")
        return
    branch.case = cases.take_over(
        matter=matters.get_matter(branch.matter_key),
        principal=principal,
        accepted_at=_moment(accepted),
        note=_("从原系统移植"),
        by=by,
        at=at,
        acceptance_point=branch.joint.project.acceptance_point,
    )
    recording.move(branch, "import_running", "dispatched_at", "signed_at", "case")


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(9, 0), tzinfo=timezone.get_current_timezone())
