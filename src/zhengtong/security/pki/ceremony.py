"""The ceremony document: who makes which authorities, keys and purposes; read strictly, before any key is made."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Invalid
from zhengtong.security.crypto.keys import ALGORITHMS, Algorithm
from zhengtong.security.pki.x509 import COMMON_NAME, Name

FORMAT = "zhengtong-ceremony/1"
BUILTIN = Path(__file__).with_name("ceremony.json")
MOST = 100
STORES = ("file", "pkcs11", "sdf")


@dataclass(frozen=True)
class AuthorityPlan:
    """One authority (in each algorithm): how it is called, how long it lives, into how many lists it is cut."""

    key: str
    common_name: str
    years: int
    shards: int
    dns: tuple[str, ...] = ()


@dataclass(frozen=True)
class PurposePlan:
    """One key of the county's own programs."""

    key: str
    common_name: str
    authority: str
    years: int
    time_stamping: bool = False
    commitment: bool = False


@dataclass(frozen=True)
class Plan:
    """A checked ceremony document."""

    title: str
    place: str
    participants: tuple[tuple[str, str, str], ...]
    name: Name
    stores: dict[Algorithm, str]
    root: AuthorityPlan
    authorities: tuple[AuthorityPlan, ...]
    purposes: tuple[PurposePlan, ...]

    def named(self, common_name: str, algorithm: Algorithm) -> Name:
        """The subject of one of our own certificates."""
        return (*self.name, (COMMON_NAME, f"{common_name} {algorithm.upper()}"))


def read(path: Path) -> Plan:
    """The plan in a file. Invalid: unreadable or not a whole plan, with the sentence why."""
    try:
        return plan(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError) as error:
        raise Invalid(_("仪式文件读不出来：{error}。").format(error=error)) from None


def builtin() -> Plan:
    """The plan of the demo county."""
    return read(BUILTIN)


def plan(document: dict[str, Any]) -> Plan:
    """Check a document. Invalid: unknown fields, fewer than two different people, unknown stores or authorities."""
    try:
        return _plan(dict(document))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(_("仪式文件不完整：{error}。请对照随附的样例补全。").format(error=error)) from None


def _plan(document: dict[str, Any]) -> Plan:
    if document.pop("format") != FORMAT:
        raise Invalid(_("仪式文件的格式不认识，应为{format}。").format(format=FORMAT))
    people = tuple((p["name"].strip(), p["post"].strip(), p["duty"].strip()) for p in document.pop("participants"))
    if len({name for name, _post, _duty in people if name}) < 2:
        raise Invalid(_("密钥仪式至少要有两名不同的人在场：一人操作，一人见证。"))
    algorithms = document.pop("algorithms")
    stores = document.pop("stores")
    if not algorithms or set(algorithms) - set(ALGORITHMS) or set(stores) != set(algorithms):
        raise Invalid(_("算法只能是p256和sm2，每种都要写明密钥存放处。"))
    if set(stores.values()) - set(STORES):
        raise Invalid(_("密钥存放处只能是file、pkcs11或sdf。"))
    root = AuthorityPlan("root", **document.pop("root"))
    authorities = tuple(
        AuthorityPlan(key, **{**given, "dns": tuple(given.get("dns", ()))})
        for key, given in document.pop("authorities").items()
    )
    purposes = tuple(PurposePlan(key, **given) for key, given in document.pop("purposes").items())
    numbers = [one.years for one in (root, *authorities, *purposes)] + [one.shards for one in (root, *authorities)]
    if any(type(number) is not int or not 0 < number <= MOST for number in numbers):
        raise Invalid(_("年限和分片数须为1至{most}的整数。").format(most=MOST))
    unknown = {one.authority for one in purposes} - {one.key for one in authorities}
    if unknown:
        raise Invalid(_("用途引用了没有列出的签发机构：{names}。").format(names="、".join(sorted(unknown))))
    made = Plan(
        title=document.pop("title"),
        place=document.pop("place"),
        participants=people,
        name=tuple(document.pop("name").items()),
        stores=stores,
        root=root,
        authorities=authorities,
        purposes=purposes,
    )
    if document:
        raise Invalid(_("仪式文件里有不认识的内容：{names}。").format(names="、".join(sorted(document))))
    return made
