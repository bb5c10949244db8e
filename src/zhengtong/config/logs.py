"""Lines of the log: one JSON object each, the time with its zone, nothing of what somebody typed (ASVS 5.0 16.2)."""

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter


class LineFormatter(JsonFormatter):
    """Leaves out the request that Django hangs on its warnings: its text holds the query, and that holds what was looked for."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            reserved_attrs=[*RESERVED_ATTRS, "request"],
        )
