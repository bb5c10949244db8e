"""Column types of the house."""

import json
import zlib
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


class PackedJSONField(models.BinaryField):
    """JSON that is read whole and never searched: UTF-8 by `CompactEncoder`, then zlib (RFC 1950), which any language unpacks.

    For texts that every case keeps for decades. The database cannot look inside; what is searched belongs in a column.
    """

    LEVEL = 9

    def get_prep_value(self, value: Any) -> bytes | None:
        """What is written."""
        if value is None:
            return None
        return zlib.compress(json.dumps(value, cls=CompactEncoder).encode(), self.LEVEL)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """What was written, as it was."""
        return None if value is None else json.loads(zlib.decompress(value))

    def value_to_string(self, obj: Any) -> str:
        """For dumps: the JSON itself."""
        return json.dumps(self.value_from_object(obj), cls=CompactEncoder)

    def to_python(self, value: Any) -> Any:
        """From a dump or a form: text is JSON, anything else is the value."""
        return json.loads(value) if isinstance(value, str) else value
