"""The check before publishing: what in a matter is wrong (errors block) and what is doubtful (warnings are shown).

Every finding is a sentence for the editor and the place it is about, so that the page can show it beside the element.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from zhengtong.approvals.matters.lint import basis, forms, materials, steps, words
from zhengtong.approvals.matters.lint.findings import ERROR, WARNING, Finding
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.organizations.models import Organization

__all__ = ["ERROR", "WARNING", "Counts", "Finding", "counts", "errors_of", "lint"]

Rule = Callable[[MatterDocument, Collection[str]], Iterator[Finding]]

RULES: tuple[Rule, ...] = (*basis.RULES, *steps.RULES, *materials.RULES, *forms.RULES, *words.RULES)


@dataclass(frozen=True)
class Counts:
    """How many findings of each level."""

    errors: int
    warnings: int


def lint(document: MatterDocument, *, bodies: Collection[str] | None = None) -> list[Finding]:
    """Everything found in a matter, errors first. `bodies`: codes of the bodies that exist (None: asked of the database)."""
    known = bodies if bodies is not None else set(Organization.objects.values_list("code", flat=True))
    found = [finding for rule in RULES for finding in rule(document, known)]
    return sorted(found, key=lambda finding: finding.level != ERROR)


def errors_of(findings: list[Finding]) -> list[Finding]:
    """Only what blocks publishing."""
    return [finding for finding in findings if finding.level == ERROR]


def counts(findings: list[Finding]) -> Counts:
    """Numbers for a heading."""
    errors = len(errors_of(findings))
    return Counts(errors, len(findings) - errors)
