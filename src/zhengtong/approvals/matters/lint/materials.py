"""Checks of materials: nothing the county has may be asked for, nothing is asked for twice."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from zhengtong.approvals.matters import questions
from zhengtong.approvals.matters.lint.findings import Finding, error, warning
from zhengtong.approvals.matters.values import Material, MatterDocument
from zhengtong.kernel.errors import Invalid


def numbers(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Each number and name once."""
    seen = [material.no for material in document.materials]
    for number in sorted({no for no in seen if seen.count(no) > 1}):
        yield error("material_number_twice", _("材料序号{n}用了两次。").format(n=number), f"materials.{number}")
    names = [material.name for material in document.materials]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield warning("material_name_twice", _("材料“{name}”列了两次。").format(name=name), "materials")


def sharing(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """What is shared is not demanded (在线政务服务规定 第七条)."""
    for material in document.materials:
        where = f"materials.{material.no}"
        if material.by_data_sharing and (material.originals or material.copies):
            message = _("“{name}”由数据共享取得，就不得再要求申请人提交原件或复印件。").format(name=material.name)
            yield error("shared_and_demanded", message, where)
        if material.by_data_sharing and not material.shared_by:
            yield error("shared_by_nobody", _("“{name}”没有写明由哪个部门共享。").format(name=material.name), where)
        if material.shared_by and material.shared_by not in bodies:
            message = _("“{name}”的共享部门“{code}”不在机构目录里。").format(
                name=material.name, code=material.shared_by
            )
            yield error("unknown_department", message, where)
        if not material.by_data_sharing and not (material.originals or material.copies):
            yield warning("material_without_count", _("“{name}”没有写要几份。").format(name=material.name), where)


def conditions(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Conditions are sound, and say the same in words."""
    for material in document.materials:
        where = f"materials.{material.no}"
        if material.needed_if:
            yield from _expression(document, material, where)
        if material.needed_if and not material.condition:
            yield warning(
                "condition_without_words",
                _("“{name}”有条件，请用文字写明什么情况要交。").format(name=material.name),
                where,
            )
        if material.required and (material.needed_if or material.condition):
            yield error(
                "always_and_sometimes",
                _("“{name}”既写了必交，又写了条件，请二选一。").format(name=material.name),
                where,
            )
        if not material.required and not material.condition and not material.needed_if:
            yield warning(
                "optional_without_condition",
                _("“{name}”不是必交，请写明什么情况要交。").format(name=material.name),
                where,
            )


def _expression(document: MatterDocument, material: Material, where: str) -> Iterator[Finding]:
    try:
        questions.condition(material.needed_if or "", document.form.fields)
    except Invalid as problem:
        message = _("“{name}”的条件读不懂：{problem}").format(name=material.name, problem=problem.message)
        yield error("unsound_expression", message, where)


RULES = (numbers, sharing, conditions)
