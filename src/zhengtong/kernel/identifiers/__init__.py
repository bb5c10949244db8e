"""Identifiers of persons, bodies, places, matters, projects and cases: checked, explained, made for demos, masked.

    from zhengtong.kernel.identifiers import resident_id
    found = resident_id.check(text, on=today)
    found.ok, found.value, found.errors, found.warnings, found.facts

Every module has `check(value) -> Finding`, `mask(value)` and `make…`. Errors stop a form, warnings are shown and pass.
"""

from zhengtong.kernel.identifiers import case_number, division, matter_code, project_code, resident_id, uscc
from zhengtong.kernel.identifiers.values import Finding

__all__ = ["Finding", "case_number", "division", "matter_code", "project_code", "resident_id", "uscc"]
