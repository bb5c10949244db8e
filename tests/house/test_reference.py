"""What a reader may rely on finding: documented events, documented doors."""

import importlib
import inspect

from tools.make_events_reference import reference

from tests.house.code import PACKAGE, ROOT, sources
from zhengtong.foundation.events.public import KINDS, RECEIVERS


def ours() -> list[type]:
    return [kind for kind in KINDS.values() if kind.__module__.startswith("zhengtong.")]


def test_every_event_says_what_happened():
    """A dataclass without a docstring gets one that is only its signature."""
    silent = [kind.name for kind in ours() if not kind.__doc__ or kind.__doc__.startswith(f"{kind.__name__}(")]
    assert silent == []


def test_every_event_names_its_subject_or_has_none():
    wrong = [
        kind.name
        for kind in ours()
        if bool(kind.subject_kind) != bool(kind.subject_field)
        or (kind.subject_field and kind.subject_field not in kind.__dataclass_fields__)
    ]
    assert wrong == []


def test_every_event_is_in_the_reference():
    written = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    assert written == reference(), "events and docs/reference/events.md differ: run `make reference`"


def test_receivers_are_named_after_their_app():
    """The name is the key of a delivery that is done: two apps must never share one."""
    wrong = [r.name for r in RECEIVERS.values() if r.receive.__module__.startswith("zhengtong.") and not named_after(r)]
    assert wrong == []


def named_after(receiver) -> bool:
    return receiver.name.split(".")[0] == receiver.receive.__module__.split(".")[2]


def test_every_door_is_documented():
    silent = []
    for path in sources():
        if path.name == "public.py":
            module = importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
            silent += [f"{module.__name__}.{name}" for name in module.__all__ if not documented(getattr(module, name))]
    assert silent == []


def documented(thing: object) -> bool:
    """Functions and classes of ours need a docstring of their own; values (tables, constants) speak for themselves."""
    if not (inspect.isclass(thing) or inspect.isfunction(thing)) or not thing.__module__.startswith("zhengtong."):
        return True
    return bool(thing.__doc__) and not thing.__doc__.startswith(f"{thing.__name__}(")
