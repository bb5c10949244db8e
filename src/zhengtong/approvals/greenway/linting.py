"""The check of a template while it is edited and at the gate: what would go wrong when somebody files by it, in plain words."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from zhengtong.approvals.greenway import asked_once
from zhengtong.approvals.greenway.models import own
from zhengtong.approvals.greenway.plans import LONGEST_JOINT, USUAL_BASIS, BranchPlan, StagePlan, TemplateDocument
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import expressions
from zhengtong.kernel.errors import Invalid

ERROR, WARNING = "error", "warning"
BASIC, QUESTIONS = "basic", "questions"
LONGEST_EXTENSION = 15
"""行政许可法 第四十二条第二款, in working days, by the head of the county government."""


@dataclass(frozen=True)
class Finding:
    """One thing wrong (it blocks) or doubtful (it is shown). `section`: the page that mends it, a stage by its key."""

    level: str
    message: str
    section: str


@dataclass(frozen=True)
class Known:
    """A published matter as a template needs to know it."""

    name: str
    department: str
    workdays: int


def known_matters() -> dict[str, Known]:
    """Every matter in force, by its key, called as the reader calls it."""
    rows = matters.Matter.objects.filter(current__isnull=False).order_by("department__path", "key")
    return {
        key: Known(own(name, english), department, days)
        for key, name, english, department, days in rows.values_list(
            "key", "current__name", "current__name_en", "department__code", "current__promised_workdays"
        )
    }


def errors(document: TemplateDocument, known: Mapping[str, Known] | None = None) -> list[str]:
    """The sentences that block publishing."""
    return [finding.message for finding in lint(document, known) if finding.level == ERROR]


def lint(document: TemplateDocument, known: Mapping[str, Known] | None = None) -> list[Finding]:
    """Everything the check finds, page by page."""
    published = known_matters() if known is None else known
    return [
        *_basic(document),
        *_questions(document),
        *(finding for stage in document.stages for finding in _stage(document, stage, published)),
        *_order(document, published),
    ]


def _basic(document: TemplateDocument) -> Iterator[Finding]:
    if not document.audiences:
        yield Finding(ERROR, _("请选择服务对象：面向个人、企业还是其他组织。"), BASIC)
    if document.kind == "bundle" and len(document.stages) != 1:
        yield Finding(ERROR, _("“一件事”只有一个阶段，请只留一个。"), BASIC)
    if not document.stages:
        yield Finding(ERROR, _("还没有阶段，请至少建一个阶段。"), BASIC)
    total = sum(stage.limit_workdays for stage in document.stages)
    if document.total_limit_workdays and document.total_limit_workdays > total:
        said = _("全程时限{total}个工作日，比各阶段时限之和{sum}个还长。")
        yield Finding(WARNING, said.format(total=document.total_limit_workdays, sum=total), BASIC)
    if not document.name_en:
        yield Finding(WARNING, _("没有英文名称，看英文页面的人只能看到中文。"), BASIC)
    codes = {document.lead_department, *(stage.lead_department for stage in document.stages)}
    there = set(Organization.objects.filter(code__in=codes, dissolved_on__isnull=True).values_list("code", flat=True))
    for code in sorted(codes - there):
        yield Finding(ERROR, _("牵头部门“{code}”不在机构目录里，请重新选择。").format(code=code), BASIC)


def _questions(document: TemplateDocument) -> Iterator[Finding]:
    counted = Counter(field.key for field in document.questions)
    for key, times in counted.items():
        if times > 1:
            yield Finding(ERROR, _("问题的键“{key}”用了两次，请改掉一个。").format(key=key), QUESTIONS)
    used: set[str] = set()
    for stage in document.stages:
        for branch in stage.branches:
            used |= _names(branch.condition, document)
    for field in document.questions:
        if field.type == "choice" and len(field.options) < 2:
            said = _("问题“{label}”是选择题，请至少写两个选项。")
            yield Finding(ERROR, said.format(label=field.label), QUESTIONS)
        if field.key not in used:
            said = _("问题“{label}”没有决定任何事项要不要办，群众不必回答它。")
            yield Finding(WARNING, said.format(label=field.label), QUESTIONS)


def _names(condition: str, document: TemplateDocument) -> frozenset[str]:
    try:
        return frozenset(expressions.parse(condition, document.declared()).names) if condition else frozenset()
    except Invalid:
        return frozenset()


def _stage(document: TemplateDocument, stage: StagePlan, known: Mapping[str, Known]) -> Iterator[Finding]:
    if not stage.branches:
        yield Finding(ERROR, _("阶段“{name}”里还没有事项。").format(name=stage.name), stage.key)
    if stage.limit_workdays > LONGEST_JOINT and stage.limit_basis.strip() in ("", USUAL_BASIS):
        said = _(
            "阶段“{name}”的联合时限{days}个工作日，超过了行政许可法第四十二条的{most}个工作日。请缩短，或写明更长时限的依据。"
        )
        yield Finding(ERROR, said.format(name=stage.name, days=stage.limit_workdays, most=LONGEST_JOINT), stage.key)
    if stage.extension_workdays > LONGEST_EXTENSION and "第四十二条" in stage.extension_basis:
        said = _("阶段“{name}”可延长{days}个工作日，行政许可法第四十二条第二款最多{most}个工作日。")
        yield Finding(
            ERROR, said.format(name=stage.name, days=stage.extension_workdays, most=LONGEST_EXTENSION), stage.key
        )
    for branch in stage.branches:
        yield from _branch(document, stage, branch, known)
    for group in stage.choose_one:
        if len(group) < 2:
            said = _("“只选一项”的一组里只有“{name}”，请再加一项，或者不分组。")
            yield Finding(ERROR, said.format(name=name_of(group[0], known)), stage.key)
    yield from _once(stage)
    longest = _longest(stage, known)
    if longest > stage.limit_workdays:
        said = _("阶段“{name}”里一个等一个的事项，承诺时限加起来{days}个工作日，超过联合时限{limit}个工作日。")
        yield Finding(WARNING, said.format(name=stage.name, days=longest, limit=stage.limit_workdays), stage.key)


def _once(stage: StagePlan) -> Iterator[Finding]:
    """What is said to be filled in once has to be asked by two matters of the stage."""
    questions = asked_once.asked([stage]) if stage.shared_fields else {}
    for key in stage.shared_fields:
        if key not in questions:
            said = _("“只填一次的内容”里的“{key}”，阶段“{name}”没有事项问它。请去掉它。")
            yield Finding(ERROR, said.format(key=key, name=stage.name), stage.key)
        elif not questions[key].common:
            said = _("“只填一次的内容”里的“{label}”，阶段“{name}”只有一个事项问它，群众本来就只填一次。")
            yield Finding(WARNING, said.format(label=questions[key].label, name=stage.name), stage.key)


def _branch(
    document: TemplateDocument, stage: StagePlan, branch: BranchPlan, known: Mapping[str, Known]
) -> Iterator[Finding]:
    name = name_of(branch.matter, known)
    if branch.level == "county" and branch.matter not in known:
        said = _("没有事项“{key}”，或者它还没有发布。请先在事项目录里发布，或换一个事项。")
        yield Finding(ERROR, said.format(key=branch.matter), stage.key)
    if branch.level != "county" and not branch.authority:
        said = _("“{name}”由上级或专线办理，请写明办理机关，群众要知道在等谁。")
        yield Finding(WARNING, said.format(name=name), stage.key)
    if branch.condition:
        try:
            expressions.parse(branch.condition, document.declared())
        except Invalid as refusal:
            said = _("“{name}”的条件读不懂：{why}")
            yield Finding(ERROR, said.format(name=name, why=refusal.message), stage.key)


def _order(document: TemplateDocument, known: Mapping[str, Known]) -> Iterator[Finding]:
    places = {branch.matter: (n, stage) for n, stage in enumerate(document.stages) for branch in stage.branches}
    keys = Counter(branch.matter for stage in document.stages for branch in stage.branches)
    for key, times in keys.items():
        if times > 1:
            said = _("事项“{name}”出现了两次，一个模板里只能有一次。")
            yield Finding(ERROR, said.format(name=name_of(key, known)), places[key][1].key)
    for number, stage in enumerate(document.stages):
        for branch in stage.branches:
            for before in branch.prerequisites:
                words = {"name": name_of(branch.matter, known), "before": name_of(before, known)}
                if before not in places:
                    said = _("“{name}”的前置事项“{before}”不在模板里。请加上它，或去掉这个前置。")
                    yield Finding(ERROR, said.format(**words), stage.key)
                elif places[before][0] > number:
                    said = _("“{name}”要等“{before}”，可它在后面的阶段，永远等不到。")
                    yield Finding(ERROR, said.format(**words), stage.key)
    waits = {branch.matter: branch.prerequisites for stage in document.stages for branch in stage.branches}
    if circle := _circle(waits):
        said = _("前置关系成环，谁也办不了：{names}。请去掉其中一个前置。")
        names = "→".join(name_of(key, known) for key in circle)
        yield Finding(ERROR, said.format(names=names), places[circle[0]][1].key)


def name_of(key: str, known: Mapping[str, Known]) -> str:
    """What a matter is called; its key where it is not in the catalogue."""
    return known[key].name if key in known else key


def _longest(stage: StagePlan, known: Mapping[str, Known]) -> int:
    """Working days of the longest chain in which one waits for another; 0 where they wait in a circle."""
    waits = {branch.matter: branch.prerequisites for branch in stage.branches}
    if _circle(waits):
        return 0
    found: dict[str, int] = {}

    def walk(key: str) -> int:
        if key not in found:
            own = known[key].workdays if key in known else 0
            found[key] = own + max((walk(before) for before in waits[key] if before in waits), default=0)
        return found[key]

    return max((walk(key) for key in waits), default=0)


def _circle(waits: Mapping[str, tuple[str, ...]]) -> list[str]:
    done: set[str] = set()

    def walk(key: str, path: list[str]) -> list[str]:
        if key in path:
            return [*path[path.index(key) :], key]
        if key in done:
            return []
        for before in waits.get(key, ()):
            if circle := walk(before, [*path, key]):
                return circle
        done.add(key)
        return []

    return next((circle for key in waits if (circle := walk(key, []))), [])
