"""What an erasure does with a person's projects and bundles, what ends by itself, and all of them as plain data. Slots of the vault.

What was filed is kept as long as the files of its cases; what was never filed goes when nobody has touched it for long.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway.models import Branch, JointCase, Project, ProjectEvent
from zhengtong.approvals.greenway.states import JOINT_ENDED
from zhengtong.security.vault import public as vault

_ENDED, _DRAFTS = "greenway.projects", "greenway.drafts"


def _filed() -> Exists:
    stages = JointCase.objects.filter(project=OuterRef("pk"))
    return Exists(stages.filter(Q(submitted_at__isnull=False) | Q(state__in=JOINT_ENDED)))


def _touched_since(moment: datetime) -> Exists:
    return Exists(ProjectEvent.objects.filter(project=OuterRef("pk"), effective_at__gte=moment))


def _ended_before(moment: datetime) -> QuerySet[Project]:
    running = Exists(JointCase.objects.filter(project=OuterRef("pk")).exclude(state__in=JOINT_ENDED))
    return Project.objects.filter(
        _filed(), ~running, ~_touched_since(moment), seal__isnull=False, created_at__lt=moment
    )


def _drafts_before(moment: datetime) -> QuerySet[Project]:
    here = Q(filed_by__last_login__gte=moment) | Q(applicant_user__last_login__gte=moment)
    rows = Project.objects.filter(~_filed(), ~_touched_since(moment), seal__isnull=False, created_at__lt=moment)
    return rows.exclude(pk__in=Project.objects.filter(here).values("pk"))


def retained(at: datetime) -> Q:
    """What was filed and is running, or ended not long enough ago."""
    over = _ended_before(vault.kept_since(_ENDED, at)).values("pk")
    return Q(pk__in=Project.objects.filter(_filed()).exclude(pk__in=over).values("pk"))


def _end(ids: Sequence[int], at: datetime) -> vault.Deleted:
    return vault.Deleted(vault.destroy_seals(rows=Project.objects.filter(pk__in=ids)))


def _drafts_in_use() -> Q:
    """Drafts of branches belong to their project as long as that can be read."""
    running = Branch.objects.filter(case__isnull=False, joint__project__seal__isnull=False)
    return Q(pk__in=running.exclude(joint__state__in=JOINT_ENDED).values("case_id"))


def _of(person_id: int) -> QuerySet[Project]:
    return Project.objects.filter(applicant_user_id=person_id, seal__isnull=False)


def says(person_id: int, at: datetime) -> list[vault.Part]:
    """What goes and what stays. Cases of the branches speak for themselves."""
    stays = _of(person_id).filter(retained(at)).count()
    why = _("与各事项的案卷一起保存（结束后{time}），只保存，不再使用").format(time=vault.kept_for(_ENDED))
    return [
        vault.Part(_("没有提交的项目和一件事"), _of(person_id).count() - stays, True),
        vault.Part(_("提交过的项目和一件事"), stays, False, why),
    ]


def erase(person_id: int, at: datetime) -> int:
    """The vault makes the values unreadable; nothing else is theirs."""
    return 0


def export(person_id: int) -> dict[str, Any]:
    """Every project and bundle with what was answered once for all."""
    return {"projects": [_exported(row) for row in _of(person_id).order_by("pk")]}


def _exported(row: Project) -> dict[str, Any]:
    return {
        "number": row.number,
        "name": row.name,
        "created_at": row.created_at,
        "applicant_name": row.applicant_name,
        **{name: str(getattr(row, name)) for name in ("applicant_id_number", "applicant_phone", "applicant_address")},
        "situation": dict(row.situation),
        "answers": dict(row.answers),
    }


def register() -> None:
    """Fill the slots."""
    vault.HOLDINGS["greenway"] = vault.Holding(says, erase, export)
    vault.RETAINED["greenway.Project"] = retained
    vault.RETENTIONS[_ENDED] = vault.Retention(_ended_before, _end, ("greenway.Project",))
    vault.RETENTIONS[_DRAFTS] = vault.Retention(_drafts_before, _end, ("greenway.Project",))
    cases.keep_drafts(_drafts_in_use)
