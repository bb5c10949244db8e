"""Column types of the house."""

import json
from typing import Any

from django.db import models


class CompactEncoder(json.JSONEncoder):
    """JSON without spaces and with Chinese as it is: `\\u` escapes would double every text of the county on disk."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False, "separators": (",", ":")})


class CompactJSONField(models.JSONField):
    """A JSON column written by `CompactEncoder`; jsonb on PostgreSQL, UTF-8 text on SQLite."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["encoder"] = CompactEncoder
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """The encoder belongs to the type, not to a migration."""
        name, path, args, options = super().deconstruct()
        options.pop("encoder", None)
        return name, path, args, options
