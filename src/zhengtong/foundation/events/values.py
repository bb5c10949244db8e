"""What a fact is: a frozen dataclass in the past tense, holding ids and plain values, never rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar

KINDS: dict[str, type["Event"]] = {}
"""Every documented event by its name, such as `cases.CaseAccepted`."""

GATES: list[Callable[[], None]] = []
"""Asked before every publication; one that raises a refusal stops it, and the change it reports with it."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact that was published. Subclasses name their subject by `subject_kind` and by the field called `subject_field`.

    `actor_id` is the account that acted (None: the system itself), `on_behalf_of` the person or body it acted for.
    """

    name: ClassVar[str] = "events.Event"
    subject_kind: ClassVar[str] = ""
    subject_field: ClassVar[str] = ""

    actor_id: int | None = None
    on_behalf_of: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        app = cls.__module__.split(".")[-2]
        cls.name = f"{app}.{cls.__name__}"
        KINDS[cls.name] = cls

    @property
    def subject(self) -> str:
        """`kind:id` of what the fact is about, for audit and search; empty when it has none."""
        if not self.subject_field:
            return ""
        return f"{self.subject_kind}:{getattr(self, self.subject_field)}"

    def payload(self) -> dict[str, Any]:
        """The fields that say more than their default, as JSON values (dates as ISO text)."""
        said = ((f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default)
        return {name: _plain(value) for name, value in said}

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> "Event":
        """The event a payload was made from; unknown fields of older versions are dropped."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in payload.items() if key in known})


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


@dataclass(frozen=True)
class Envelope:
    """An event as a receiver gets it: `id` of the outbox row, the fact, when it took effect and when it was recorded."""

    id: int
    event: Event
    effective_at: datetime
    recorded_at: datetime


Receive = Callable[[Envelope], None]
ReceiveAll = Callable[[Sequence[Envelope]], None]
E_ = TypeVar("E_", bound=Event)


@dataclass(frozen=True)
class Receiver:
    """A subscription. `name` is stable across releases: it is the key by which a delivery is known to be done.

    `receive_all`, where given, takes a whole batch at once; if it fails, the batch is given to `receive` one by one.
    """

    name: str
    event_class: type[Event] | tuple[type[Event], ...]
    receive: Receive
    receive_all: ReceiveAll | None = None


RECEIVERS: dict[str, Receiver] = {}


def receives(
    event_class: type[Event] | tuple[type[Event], ...], *, name: str, receive_all: ReceiveAll | None = None
) -> Callable[[Receive], Receive]:
    """Subscribe a function to `event_class` (or several) and its subclasses. Call it in `receivers.py`, imported by `AppConfig.ready`."""

    def register(receive: Receive) -> Receive:
        if name in RECEIVERS and RECEIVERS[name].receive.__qualname__ != receive.__qualname__:
            raise ValueError(f"two receivers are called {name}")
        RECEIVERS[name] = Receiver(name, event_class, receive, receive_all)
        return receive

    return register
