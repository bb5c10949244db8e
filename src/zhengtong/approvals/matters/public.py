"""The door of matters."""

from zhengtong.approvals.matters.checking import (
    first_unanswered,
    only_rows_changed,
    typed,
    validate_all,
    validate_page,
)
from zhengtong.approvals.matters.drawing import Question, questions
from zhengtong.approvals.matters.lint import Finding, lint
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.approvals.matters.operations import (
    approve_and_publish,
    create_draft,
    discard_draft,
    edit_draft,
    publish_as_system,
    retire,
    return_,
    submit,
)
from zhengtong.approvals.matters.prefill import prefill_values
from zhengtong.approvals.matters.queries import (
    Figures,
    Guide,
    by_audience,
    catalogue_figures,
    get_matter,
    guide,
    guide_url,
    in_force,
    of_department,
    themes,
)
from zhengtong.approvals.matters.questions import (
    Page,
    condition,
    in_words,
    materials_for,
    next_page,
    page,
    pages,
    pages_for,
    prefill,
    previous_page,
    visible_fields,
)
from zhengtong.approvals.matters.values import MatterDocument

__all__ = [
    "Figures",
    "Finding",
    "Guide",
    "Matter",
    "MatterDocument",
    "MatterVersion",
    "Page",
    "Question",
    "approve_and_publish",
    "by_audience",
    "catalogue_figures",
    "condition",
    "create_draft",
    "discard_draft",
    "edit_draft",
    "first_unanswered",
    "get_matter",
    "guide",
    "guide_url",
    "in_force",
    "in_words",
    "lint",
    "materials_for",
    "next_page",
    "of_department",
    "only_rows_changed",
    "page",
    "pages",
    "pages_for",
    "prefill",
    "prefill_values",
    "previous_page",
    "publish_as_system",
    "questions",
    "retire",
    "return_",
    "submit",
    "themes",
    "typed",
    "validate_all",
    "validate_page",
    "visible_fields",
]
