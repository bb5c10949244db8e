"""What a check says."""

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """One thing wrong or doubtful. `where`: the element, such as `steps.site-inspection` or `form.kitchen_area`."""

    level: str
    code: str
    message: str
    where: str = ""


def error(code: str, message: str, where: str = "") -> Finding:
    """A finding that blocks publishing."""
    return Finding(ERROR, code, message, where)


def warning(code: str, message: str, where: str = "") -> Finding:
    """A finding that is shown and does not block."""
    return Finding(WARNING, code, message, where)
