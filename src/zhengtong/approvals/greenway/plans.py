"""A template of a project or bundle as one typed document: stages, branches, what each waits for, when each is needed.

The questions that switch branches on are ordinary form fields; a branch's `condition` is an expression over them in the closed
language of `kernel.expressions`. Both kinds, and every county's own, run on this one shape.
"""

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from zhengtong.approvals.matters.values import Form, FormField
from zhengtong.kernel import expressions

SHIPPED = Path(__file__).parent / "data" / "templates.json"
TYPES = {"number": expressions.NUMBER, "date": expressions.DATE, "boolean": expressions.BOOLEAN}
LONGEST_JOINT = 45
"""行政许可法 第四十二条第二款: unified, joint and centralised handling, in working days; more needs a basis of its own."""
USUAL_BASIS = "本县联合办理承诺"


class Part(BaseModel):
    """Frozen, and a field nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BranchPlan(Part):
    """One matter of a stage. `condition` empty: always needed. `prerequisites`: matters whose result it rests on."""

    matter: str
    department: str
    role: Literal["lead", "joint", "parallel"] = "parallel"
    required: bool = True
    condition: str = ""
    condition_text: str = ""
    prerequisites: tuple[str, ...] = ()
    level: Literal["county", "city", "province", "line"] = "county"
    adapter: str = ""
    """Who carries it to the superior authority (`adapters`); empty: the lead writes the answer down."""
    authority: str = ""


class StagePlan(Part):
    """A stage filed as one: its lead, its joint limit, its branches."""

    no: int
    key: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,40}$")]
    name: str
    name_en: str = ""
    lead_department: str
    limit_workdays: Annotated[int, Field(ge=1)]
    limit_basis: str = USUAL_BASIS
    extension_workdays: int = 15
    extension_basis: str = "《行政许可法》第四十二条第二款"
    choose_one: tuple[tuple[str, ...], ...] = ()
    branches: tuple[BranchPlan, ...]
    shared_materials: tuple[str, ...] = ()
    shared_fields: tuple[str, ...] = ()


class FieldHelp(Part):
    """Another hint under a shared question, where the usual one does not fit."""

    key: str
    help: str
    help_en: str = ""


class TemplateDocument(Part):
    """A project template or a life-event bundle."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,60}$")]
    kind: Literal["project", "bundle"]
    name: str
    name_en: str = ""
    description: str = ""
    description_en: str = ""
    audiences: tuple[str, ...]
    lead_department: str
    assisted: bool = False
    """项目代办: an agent goes with it."""
    township_acceptance: bool = False
    total_limit_workdays: int | None = None
    note: str = ""
    questions: tuple[FormField, ...] = ()
    field_helps: tuple[FieldHelp, ...] = ()
    stages: tuple[StagePlan, ...]

    def stage(self, key: str) -> StagePlan:
        """One stage. Raises `StopIteration` for a key the template does not have."""
        return next(stage for stage in self.stages if stage.key == key)

    def declared(self) -> dict[str, str]:
        """The questions as expressions know them."""
        return {field.key: TYPES.get(field.type, expressions.TEXT) for field in self.questions}

    def needed(self, branch: BranchPlan, answers: Mapping[str, Any], *, today: date) -> bool | None:
        """Whether these answers call for the branch; None while a question is open."""
        if not branch.condition:
            return True
        found = expressions.evaluate(expressions.parse(branch.condition, self.declared()), answers, today=today)
        return None if found is None else bool(found)

    def questions_of(self, stage: StagePlan) -> tuple[FormField, ...]:
        """The questions on which the branches of a stage depend, in their order."""
        asked: set[str] = set()
        for branch in stage.branches:
            if branch.condition:
                asked |= expressions.parse(branch.condition, self.declared()).names
        return tuple(field for field in self.questions if field.key in asked)

    def question_of(self, branch: BranchPlan) -> FormField | None:
        """The question that switches a branch on; None when it is always needed."""
        names = expressions.parse(branch.condition, self.declared()).names if branch.condition else frozenset()
        return next((field for field in self.questions if field.key in names), None)


def situation_form(document: TemplateDocument, stage: StagePlan) -> Form:
    """The questions of a stage as a form, one a page."""
    return Form(fields=document.questions_of(stage))


@lru_cache(maxsize=1)
def shipped() -> tuple[TemplateDocument, ...]:
    """The templates that come with the product."""
    rows = json.loads(SHIPPED.read_text(encoding="utf-8"))["templates"]
    return tuple(TemplateDocument.model_validate(row) for row in rows)
