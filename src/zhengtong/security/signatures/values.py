"""Keys as this app uses them, and what a reader of signatures finds."""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as field_of
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from zhengtong.foundation.organizations.models import Organization

DEPARTMENT: Final = ("department-sm2", "department-p256")
"""The signatures of a body, in the order in which they are made: the last one covers the whole file."""

OFFICIAL: Final = "official-p256"
"""The signature of the official who decided; made before the body's."""

POSTS: dict[str, Any] = {}
"""Posts in words by their codes: a slot, filled by the app that knows them."""


@dataclass(frozen=True)
class Key:
    """A key ready to sign a PDF. `sign` takes what is to be signed and gives the signature in DER; certificates in DER.

    `field`: the name of the signature in the file, which is also its name in the set of required ones.
    """

    field: str
    algorithm: str
    name: str
    reason: str
    certificate: bytes
    chain: tuple[bytes, ...]
    sign: Callable[[bytes], bytes] = field_of(repr=False)
    attribute_certificate: bytes = b""


@dataclass(frozen=True)
class Signature:
    """One signature as it was found. `problems` empty: it is good. Sentences are in the language of the reader.

    `signed_at`: as the signer says; `stamped_at`: as a time-stamp proves. `post`: the office the signer held that day.
    """

    name: str
    algorithm: str
    signer: str = ""
    issuer: str = ""
    post: str = ""
    signed_at: datetime | None = None
    stamped_at: datetime | None = None
    ours: bool = False
    whole: bool = True
    problems: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """True when nothing speaks against it."""
        return not self.problems


@dataclass(frozen=True)
class Archived:
    """An archive stamp over a whole file: by which algorithm and whom; it protects from `since` to the end of its certificate."""

    algorithm: str
    signer: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Report:
    """What was found in a file. `kind`: pdf, json, stamp or unknown; `missing`: required signatures that are not there.

    `digest`: what a stamp was put on, as name and hexadecimal digits. `archive`: the archive stamps, oldest first.
    """

    kind: str
    signatures: tuple[Signature, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    digest: str = ""
    archive: tuple[Archived, ...] = ()

    @property
    def archived_since(self) -> datetime | None:
        """The moment of the first archive stamp."""
        return self.archive[0].since if self.archive else None

    @property
    def archived_until(self) -> datetime | None:
        """Until when the newest archive stamp protects."""
        return self.archive[-1].until if self.archive else None

    @property
    def good(self) -> bool:
        """True when every signature is good, of this county, and none is missing."""
        return (
            bool(self.signatures)
            and not self.missing
            and not self.problems
            and all(s.good and s.ours for s in self.signatures)
        )


@dataclass(frozen=True)
class Signed:
    """What the register says of a document: who signed it, and when."""

    signers: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Official:
    """Who decided, as far as a signature needs to know. `roles`: posts held, as codes like `approver@organization:7`."""

    user_id: int
    name: str
    organization: "Organization"
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keeper:
    """Where the files of one kind of subject lie: how to read one by its number, and how to put its renewed form in its place."""

    read: Callable[[int], bytes]
    replace: Callable[[int, bytes, datetime], None]


KEEPERS: dict[str, Keeper] = {}
"""By kind of subject: a slot, filled by the apps that keep signed files."""
