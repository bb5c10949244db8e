"""Bringing matters in from a file: read, show what it would do, then do it as drafts that go the usual way to approval."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.matters import exchange, lint
from zhengtong.approvals.matters.differences import differences
from zhengtong.approvals.matters.events import MattersImported
from zhengtong.approvals.matters.models import Matter, MatterImport, MatterVersion
from zhengtong.approvals.matters.operations import create_draft, edit_draft
from zhengtong.approvals.matters.refusals import CannotImport
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import NotFound
from zhengtong.security.pmi import public as pmi

NEW, CHANGE, SAME, BLOCKED = "new", "change", "same", "blocked"
ACTIONS = {
    NEW: gettext_lazy("新增"),
    CHANGE: gettext_lazy("修改"),
    SAME: gettext_lazy("没有变化"),
    BLOCKED: gettext_lazy("不能导入"),
}


@dataclass(frozen=True)
class Planned:
    """What importing one matter would do, and why it cannot (`obstacle`)."""

    document: MatterDocument
    action: str
    changes: int
    errors: int
    warnings: int
    obstacle: str = ""

    @property
    def label(self) -> str:
        """The action in words."""
        return str(ACTIONS[self.action])


@transaction.atomic
def read_file(*, name: str, content: bytes, by: Any, at: datetime) -> MatterImport:
    """Read a file and keep what it holds for the owner to confirm. Raises `Invalid` when it is not one of ours at all."""
    found = exchange.read(name, content)
    bad = {problem.key for problem in found.problems}
    sound = [d.model_dump(mode="json", exclude_defaults=True) for d in found.documents if d.key not in bad]
    MatterImport.objects.filter(uploaded_by=by, done_at__isnull=True).delete()
    return MatterImport.objects.create(
        name=name[:120], documents=sound, problems=[asdict(p) for p in found.problems], uploaded_by=by, uploaded_at=at
    )


def get_import(import_id: int, *, by: Any) -> MatterImport:
    """An import of one's own. Raises `NotFound`."""
    found = MatterImport.objects.filter(pk=import_id, uploaded_by=by).first()
    if found is None:
        raise NotFound(_("没有这次导入，可能已被新的上传替换。请重新上传文件。"))
    return found


def problems_of(found: MatterImport) -> list[exchange.RowProblem]:
    """What did not fit in the file."""
    return [exchange.RowProblem(**row) for row in found.problems]


def plan(found: MatterImport, *, by: Any, on: date) -> list[Planned]:
    """What the sound matters of a file would change, in their order."""
    documents = [MatterDocument.model_validate(row) for row in found.documents]
    bodies = {body.code: body for body in Organization.objects.all()}
    matters = Matter.objects.select_related("current").in_bulk([d.key for d in documents], field_name="key")
    codes = dict(Matter.objects.values_list("implementation_code", "key"))
    open_ones = {v.matter_id: v for v in MatterVersion.objects.filter(state__in=MatterVersion.OPEN)}
    repeated = Counter(d.implementation_code for d in documents)
    planned = []
    for document in documents:
        matter = matters.get(document.key)
        open_one = open_ones.get(matter.pk) if matter else None
        obstacle = _obstacle(document, bodies, by=by, on=on, open_one=open_one)
        if not obstacle and codes.get(document.implementation_code, document.key) != document.key:
            obstacle = _("实施编码已被另一个事项使用。")
        if not obstacle and repeated[document.implementation_code] > 1:
            obstacle = _("文件里有两个事项用了同一个实施编码。")
        planned.append(_planned(document, matter, open_one, obstacle, set(bodies)))
    return planned


def _obstacle(
    document: MatterDocument, bodies: dict[str, Organization], *, by: Any, on: date, open_one: MatterVersion | None
) -> str:
    body = bodies.get(document.department)
    if body is None:
        return _("实施主体“{code}”不在机构目录里。").format(code=document.department)
    if not pmi.can(by, "matters.edit", organization=body, on=on):
        return _("您没有编辑{body}事项的权限。").format(body=body.label)
    if open_one is not None and open_one.state == MatterVersion.SUBMITTED:
        return _("已有一版正在待审核，等审核完再导入。")
    return ""


def _planned(
    document: MatterDocument, matter: Matter | None, open_one: MatterVersion | None, obstacle: str, bodies: set[str]
) -> Planned:
    base = open_one or (matter.current if matter else None)
    counted = lint.counts(lint.lint(document, bodies=bodies))
    changes = len(differences(base.elements, document)) if base else 0
    action = NEW if base is None else CHANGE if changes else SAME
    return Planned(document, BLOCKED if obstacle else action, changes, counted.errors, counted.warnings, obstacle)


@transaction.atomic
def carry_out(*, import_id: int, by: Any, at: datetime, skip_bad: bool = False) -> list[MatterVersion]:
    """Make drafts of what a file holds; matters that did not change are left alone.

    With any problem nothing is imported, unless `skip_bad` says to leave out the matters that have one.
    """
    found = get_import(import_id, by=by)
    if found.done_at is not None:
        raise CannotImport(_("这个文件已经导入过了，不需要再导入一次。"))
    planned = plan(found, by=by, on=timezone.localdate(at))
    blocked = [item for item in planned if item.action == BLOCKED]
    bad = len(found.problems) + len(blocked)
    if bad and not skip_bad:
        raise CannotImport(
            _("文件有{n}处问题，没有导入任何事项。改正后重新上传，或者选择跳过有问题的事项。").format(n=bad)
        )
    made = [_draft(item.document, by=by, at=at, reason=found.name) for item in planned if item.action in (NEW, CHANGE)]
    found.done_at = at
    found.save(update_fields=["done_at"])
    skipped = len({p["key"] for p in found.problems}) + len(blocked)
    events.publish(MattersImported(import_id=found.pk, drafts=len(made), skipped=skipped, actor_id=by.pk), at=at)
    return made


def _draft(document: MatterDocument, *, by: Any, at: datetime, reason: str) -> MatterVersion:
    reason = _("导入自{file}").format(file=reason)
    open_one = MatterVersion.objects.filter(
        matter__key=document.key, state__in=(MatterVersion.DRAFT, MatterVersion.RETURNED)
    ).first()
    if open_one is not None:
        return edit_draft(version_id=open_one.pk, document=document, by=by, at=at, reason=reason)
    return create_draft(document=document, by=by, at=at, reason=reason)
