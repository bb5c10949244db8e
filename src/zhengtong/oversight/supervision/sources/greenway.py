"""The clocks of projects and bundles: the joint clock of a stage, and the signature of every department for its branch.

The lead answers for the joint clock (T-09), a department for the signature (S-14 未签收). What a department does not answer after it
has signed is the promise and the steps of its own case: those clocks are watched there (T-01, T-07), so that one silence gives one
card and not two.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.greenway import public as greenway
from zhengtong.kernel.legal_clock import Budget
from zhengtong.oversight.supervision.sources import Source, register_source
from zhengtong.oversight.supervision.sources.cases import number_of
from zhengtong.oversight.supervision.states import Watching
from zhengtong.oversight.supervision.values import Watched

NAME = "greenway"
JOINT, SIGN = "joint", "sign"
TO_SIGN = Q(state=greenway.BranchState.DISPATCHED, signed_at__isnull=True)
WATCHED_SIGNATURES = Q(dispatched_at__isnull=False) & (TO_SIGN | Q(signed_at__isnull=False) | Q(ended_at__isnull=False))
"""A branch that went into a special procedure or to a superior before anybody signed asks for no signature any more."""


def _name(project: greenway.Project) -> dict[str, str]:
    """A bundle is called by its template, an investment project by its own name."""
    if project.kind == "bundle":
        return {"zh": project.template.name, "en": project.template.name_en or project.template.name}
    return {"zh": project.name, "en": project.name}


def _joint(clock: greenway.JointClock, pauses: Sequence[greenway.JointPause]) -> Watched:
    project = clock.joint.project
    template = project.template
    return Watched(
        source=NAME,
        key=f"{JOINT}:{clock.pk}",
        subject=f"project:{project.pk}",
        kind=Watching.JOINT,
        organization_id=clock.joint.lead_id,
        role="department_head",
        title=_name(project),
        topic={"zh": template.name, "en": template.name_en or template.name},
        number=project.number,
        url=f"/projects/{project.pk}/",
        budget=clock.budget(list(pauses)),
        extended_at=clock.extended_at if clock.extension_workdays else None,
        stopped_at=clock.stopped_at,
    )


def _signature(branch: greenway.Branch) -> Watched:
    assert branch.dispatched_at is not None
    project, matter = branch.joint.project, {"zh": branch.name, "en": branch.name_en or branch.name}
    about = _name(project)
    return Watched(
        source=NAME,
        key=f"{SIGN}:{branch.pk}",
        # Not the project: the card of one department must not take the place of another's.
        subject=f"branch:{branch.pk}",
        kind=Watching.JOINT_STEP,
        organization_id=branch.department_id,
        role="case_officer",
        title={
            "zh": f"签收并联事项：{matter['zh']}（{about['zh']}）",
            "en": f"Sign for a joint matter: {matter['en']} ({about['en']})",
        },
        topic=matter,
        number=project.number,
        url=f"/projects/{project.pk}/",
        budget=Budget(timezone.localdate(branch.dispatched_at), settings.BRANCH_SIGN_WORKDAYS),
        stopped_at=branch.signed_at or branch.ended_at,
    )


def _clocks(which: Q) -> list[Watched]:
    rows = list(greenway.JointClock.objects.filter(which).select_related("joint__project__template").order_by("pk"))
    pauses: dict[int, list[greenway.JointPause]] = defaultdict(list)
    for pause in greenway.JointPause.objects.filter(clock__in=rows).select_related("branch").order_by("pk"):
        pauses[pause.clock_id].append(pause)
    return [_joint(clock, pauses[clock.pk]) for clock in rows]


def _signatures(which: Q) -> list[Watched]:
    rows = greenway.Branch.objects.filter(which & WATCHED_SIGNATURES)
    return [_signature(branch) for branch in rows.select_related("joint__project__template").order_by("pk")]


def of(subjects: Iterable[str], since: datetime | None) -> list[Watched]:
    """The clocks of these projects (`project:3`)."""
    ids = [number_of(subject) for subject in subjects]
    found = [*_clocks(Q(joint__project_id__in=ids)), *_signatures(Q(joint__project_id__in=ids))]
    return [one for one in found if one.stopped_at is None or since is None or one.stopped_at >= since]


def find(keys: Iterable[str]) -> list[Watched]:
    """The clocks with these keys (`joint:5`, `sign:12`)."""
    wanted: dict[str, list[int]] = {JOINT: [], SIGN: []}
    for key in keys:
        name, _colon, number = key.partition(":")
        wanted[name].append(int(number))
    clocks = _clocks(Q(pk__in=wanted[JOINT])) if wanted[JOINT] else []
    return [*clocks, *(_signatures(Q(pk__in=wanted[SIGN])) if wanted[SIGN] else [])]


def running(after: str, limit: int) -> list[str]:
    """The next projects with a running joint clock or a branch to be signed for, by number."""
    last = Q(joint__project_id__gt=number_of(after) if after else 0)
    clocks = greenway.JointClock.objects.filter(last, stopped_at__isnull=True)
    branches = greenway.Branch.objects.filter(last, TO_SIGN)
    ids: set[int] = set()
    for rows in (clocks, branches):
        ids.update(rows.order_by("joint__project_id").values_list("joint__project_id", flat=True).distinct()[:limit])
    return [f"project:{pk}" for pk in sorted(ids)[:limit]]


def register() -> None:
    """Watch the clocks of projects."""
    kinds = frozenset({Watching.JOINT, Watching.JOINT_STEP})
    register_source(Source(NAME, _("绿色通道"), kinds, of, find, running))
