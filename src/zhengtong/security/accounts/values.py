"""What accounts hand to other systems: for whom somebody acts, and numbers masked for showing."""

from dataclasses import dataclass

from zhengtong.kernel.identifiers import resident_id


def masked_phone(phone: str | None) -> str:
    """A phone with its first three and last four digits: 138****5678."""
    if not phone or len(phone) < 8:
        return phone or ""
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"


def masked_name(name: str) -> str:
    """A personal name with all but its last character hidden: **明."""
    return "*" * (len(name) - 1) + name[-1:]


@dataclass(frozen=True)
class Principal:
    """Somebody in whose name an account may file: themselves, an enterprise, or whoever gave a mandate.

    `kind` person or enterprise; `capacity` self, legal, manager, handler or agent; `mandate_id` set for an agent.
    """

    kind: str
    user_id: int | None
    enterprise_id: int | None
    name: str
    id_number: str
    phone: str
    address: str
    capacity: str
    mandate_id: int | None = None

    @property
    def key(self) -> str:
        """`user:5`, `enterprise:3`, or with the mandate it rests on: `user:5/mandate:9`."""
        base = f"user:{self.user_id}" if self.kind == "person" else f"enterprise:{self.enterprise_id}"
        return f"{base}/mandate:{self.mandate_id}" if self.mandate_id else base

    @property
    def masked_id_number(self) -> str:
        """The number as it may be shown; a social credit code is public and stays whole."""
        return resident_id.mask(self.id_number) if self.kind == "person" else self.id_number

    @property
    def masked_phone(self) -> str:
        """The phone as it may be shown."""
        return masked_phone(self.phone)


@dataclass(frozen=True)
class Statement:
    """What the province's identity platform says about a person: by which name (`subject`) it knows them, how well it
    proved who they are (`level`, in the county's terms), and what it knows. The number counts from level 2 on.
    """

    issuer: str
    subject: str
    level: int
    number: str = ""
    name: str = ""
    phone: str = ""

    @property
    def masked_number(self) -> str:
        """The number as it may be shown."""
        return resident_id.mask(self.number)


@dataclass(frozen=True)
class DemoAccount:
    """An account of the demo county as its sign-in page lists it."""

    role: str
    name: str
    login: str
    password: str
