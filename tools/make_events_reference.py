"""Write docs/reference/events.md from the docstrings of the events: `python tools/make_events_reference.py`"""

import inspect
import os
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "events.md"
HEAD = """# Events

Every fact the product publishes, by the app that publishes it. `actor_id` (who acted; empty: the system itself) and
`on_behalf_of` are part of every event. Written by `make reference`; edit the docstrings instead.
"""


def reference() -> str:
    """The page. Django must be set up."""
    from zhengtong.foundation.events.public import KINDS, RECEIVERS, Event

    common = {field.name for field in fields(Event)}
    lines = [HEAD]
    ours = {name: kind for name, kind in KINDS.items() if kind.__module__.startswith("zhengtong.")}
    for app in sorted({name.split(".")[0] for name in ours}):
        lines.append(f"\n## {app}\n\n| event | what happened | fields |\n| --- | --- | --- |")
        for name, kind in sorted(ours.items()):
            if name.startswith(f"{app}."):
                own = ", ".join(f"`{field.name}`" for field in fields(kind) if field.name not in common)
                lines.append(f"| `{kind.__name__}` | {sentence(kind)} | {own} |")
    lines.append("\n## Who listens\n\n| receiver | to |\n| --- | --- |")
    for name, receiver in sorted(RECEIVERS.items()):
        if receiver.receive.__module__.startswith("zhengtong."):
            heard = receiver.event_class if isinstance(receiver.event_class, tuple) else (receiver.event_class,)
            lines.append(f"| `{name}` | {', '.join(f'`{kind.name}`' for kind in heard)} |")
    return "\n".join(lines) + "\n"


def sentence(kind: type) -> str:
    """The docstring on one line, fit for a table."""
    return " ".join(inspect.cleandoc(kind.__doc__ or "").split()).replace("|", "\\|")


def main() -> int:
    """Write the page."""
    import django

    with tempfile.TemporaryDirectory() as data:
        os.environ["DATA"] = data
        os.environ["DJANGO_SETTINGS_MODULE"] = "zhengtong.config.settings"
        django.setup()
        TARGET.write_text(reference(), encoding="utf-8")
    print(f"wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
