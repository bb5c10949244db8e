"""Columns whose content the database never sees in plain: the field types, and the slot that `security.vault` fills.

    class Account(SealedRow):
        phone = EncryptedText(_("手机"), index="phone_index", blank=True)
        phone_index = BlindIndex(of="phone")

`account.phone` is a text as ever. The column holds `ver(1) key-id(2) nonce(12) ciphertext tag(16)`, bound to its table, its column
and the row's `seal`, 16 random bytes from which the key of the row's values is derived: a value moved to another row or column
does not open, and without its seal none opens at all (crypto-erase). Values are opened when they are read, not when the row is.
Equality is asked as ever (`filter(phone="139…")`) and answered by the blind index; every other comparison is refused.
"""

import json
import os
from collections.abc import Iterable
from typing import Any, Protocol, cast

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Col
from django.utils.translation import gettext as _

from zhengtong.kernel.columns import CompactEncoder
from zhengtong.kernel.errors import Unavailable

SEAL_BYTES = 16
INDEX_BYTES = 16


class SealBroken(Unavailable):
    """A sealed value does not open: it was changed, moved to another place, or its key is not here. Nothing is shown instead."""

    code = "seal_broken"

    def __init__(self, label: str) -> None:
        super().__init__(
            _("资料没有通过完整性校验，系统拒绝显示。请不要再修改这条记录，并立即告知系统管理员和安全管理员。")
        )
        self.label = label


class Vault(Protocol):
    """What seals and opens. `label` is `table.column`, `seal` the row's random bytes."""

    def seal(self, label: str, seal: bytes, plain: bytes) -> bytes:
        """The sealed form. Raises `Unavailable` without keys."""

    def open(self, label: str, seal: bytes, sealed: bytes) -> bytes:
        """The plain form. Raises `SealBroken`."""

    def index(self, label: str, value: str) -> bytes:
        """The blind index of a value: equal for equal values of one column, and nothing else can be told from it."""


_vault: Vault | None = None


def register(vault: Vault) -> None:
    """Fill the slot."""
    global _vault
    _vault = vault


def vault() -> Vault:
    """What seals and opens. Raises `Unavailable` before anything was registered: nothing is ever written in plain instead."""
    if _vault is None:
        raise Unavailable(_("加密服务尚未就绪，请稍后再试。"))
    return _vault


def new_seal() -> bytes:
    """The random bytes of a new row."""
    return os.urandom(SEAL_BYTES)


class Sealed(bytes):
    """A value as the database holds it, not opened yet."""


class Erased(str):
    """What stands in place of a value whose seal was destroyed (个人信息保护法 第四十七条)."""

    sealed: bytes = b""


def erased(sealed: bytes = b"") -> Erased:
    """The words, in the reader's language; written back, they leave the column as it is."""
    words = Erased(_("已按规定删除"))
    words.sealed = sealed
    return words


def seal_token(label: str, seal: bytes | None, value: Any) -> dict[str, str]:
    """A JSON value sealed inside a JSON column of its own row: `{"sealed": hex}`."""
    plain = json.dumps(value, ensure_ascii=False).encode()
    return {"sealed": vault().seal(label, bytes(seal or b""), plain).hex()}


def open_token(label: str, seal: bytes | None, token: Any) -> Any:
    """What `seal_token` sealed; anything else is handed back as it is. Raises `SealBroken`."""
    if not (isinstance(token, dict) and set(token) == {"sealed"}):
        return token
    if not seal:
        return erased()
    return json.loads(vault().open(label, bytes(seal), bytes.fromhex(token["sealed"])))


class _Opening:
    """The attribute of a sealed field: opens on first use, keeps what it opened."""

    def __init__(self, field: "_SealedField") -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        name, known = self.field.attname, instance.__dict__
        if name not in known:
            instance.refresh_from_db(fields=[name])
        value = known[name]
        if type(value) is Sealed:
            value = known[name] = self.field.opened(instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _SealedField(models.BinaryField):
    """A column of sealed bytes. Subclasses say how a Python value becomes bytes and comes back."""

    descriptor_class = _Opening
    empty_values = [None, ""]
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("editable", True)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options.pop("editable", None)
        return name, path, args, options

    def _check_str_default_value(self) -> list[Any]:
        return []

    @property
    def label(self) -> str:
        """`table.column`, what a value is bound to."""
        return f"{self.model._meta.db_table}.{self.column}"

    def dumped(self, value: Any) -> bytes:
        """The value as bytes; empty for a value that says nothing."""
        raise NotImplementedError

    def loaded(self, plain: bytes) -> Any:
        """The value again."""
        raise NotImplementedError

    def opened(self, instance: Any, value: Sealed) -> Any:
        """What the row's sealed value says. Raises `SealBroken`."""
        seal = instance.seal
        if not value:
            return self.loaded(b"")
        if not seal:
            return self.when_erased(value)
        return self.loaded(vault().open(self.label, bytes(seal), value))

    def when_erased(self, value: Sealed) -> Any:
        """What stands in place of an erased value."""
        return erased(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Bytes that open when they are asked for."""
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: Any) -> str:
        return bytes(self.pre_save(obj, False) or b"").hex()

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """The sealed bytes: those that were read when nobody opened them, else sealed anew by the current key."""
        value = model_instance.__dict__.get(self.attname)
        if value is None or type(value) is Sealed:
            return value
        if isinstance(value, (Erased, ErasedAnswers)):
            return Sealed(value.sealed)
        plain = self.dumped(value)
        if not plain:
            return Sealed(b"")
        seal = model_instance.seal
        if not seal:
            raise Unavailable(_("这条记录的个人信息已按规定删除，不能再写入。"))
        return Sealed(vault().seal(self.label, bytes(seal), plain))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Only sealed bytes go to the database: `update(phone=…)` knows no row and is refused."""
        if value and type(value) is not Sealed:
            raise FieldError(f"{self.label} is sealed: set it on an instance and save that")
        return None if value is None else connection.Database.Binary(bytes(value or b""))

    def get_default(self) -> Any:
        return models.Field.get_default(self)  # BinaryField turns "" into b""

    def get_lookup(self, lookup_name: str) -> Any:
        """Equality alone, and only with an index."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        return {"exact": _Exact, "in": _In}.get(lookup_name) if getattr(self, "index", "") else None

    def get_transform(self, lookup_name: str) -> Any:
        return None


class EncryptedText(_SealedField):
    """A short text that only its column's own operations read. `index`: the name of its `BlindIndex`, when it is searched."""

    def __init__(self, *args: Any, index: str = "", **options: Any) -> None:
        self.index = index
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        if self.index:
            options["index"] = self.index
        return name, path, args, options

    def dumped(self, value: Any) -> bytes:
        return str(value).encode()

    def loaded(self, plain: bytes) -> Any:
        return plain.decode()

    def formfield(self, **options: Any) -> Any:
        from django import forms

        return models.Field.formfield(self, **{"form_class": forms.CharField, **options})


class EncryptedJSON(_SealedField):
    """A JSON document that is sealed as a whole; erased it is empty."""

    def dumped(self, value: Any) -> bytes:
        return json.dumps(value, cls=CompactEncoder).encode() if value else b""

    def loaded(self, plain: bytes) -> Any:
        return json.loads(plain) if plain else {}

    def when_erased(self, value: Sealed) -> Any:
        return ErasedAnswers(value)


class ErasedAnswers(dict[str, Any]):
    """An erased document: it holds nothing, and what is put into it is not written."""

    def __init__(self, sealed: bytes) -> None:
        super().__init__()
        self.sealed = sealed


class BlindIndex(models.BinaryField):
    """The blind index of the sealed text `of`: 16 bytes, filled whenever the text is written. Null for an empty text."""

    def __init__(self, *args: Any, of: str, **options: Any) -> None:
        self.of = of
        super().__init__(*args, **{"null": True, "editable": False, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options.pop("null", None)
        options["of"] = self.of
        return name, path, args, options

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = model_instance.__dict__.get(self.of)
        if type(value) is not Sealed and not isinstance(value, Erased):
            found = blind(cast(_SealedField, self.model._meta.get_field(self.of)), value)
            model_instance.__dict__[self.attname] = found
        return model_instance.__dict__.get(self.attname)


def blind(field: _SealedField, value: Any) -> bytes | None:
    """What the index of `field` holds for a value."""
    return vault().index(field.label, str(value)) if value else None


class SealedRow(models.Model):
    """A row with sealed columns. `person` names the column that says whose they are, for crypto-erase; empty: nobody's."""

    person: str = ""

    seal = models.BinaryField(max_length=SEAL_BYTES, default=new_seal, null=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """An index is written with the text it is of."""
        if update_fields is not None:
            update_fields = with_indexes(self, update_fields)
        super().save(*args, update_fields=update_fields, **options)


def with_indexes(instance: models.Model, names: Iterable[str]) -> list[str]:
    """`names`, and the blind index of each that has one."""
    found = list(names)
    for name in tuple(found):
        index = getattr(instance._meta.get_field(name), "index", "")
        if index and index not in found:
            found.append(index)
    return found


def sealed_fields(model: type[models.Model]) -> list[Any]:
    """The sealed columns of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, _SealedField)]


def sealed_models() -> list[Any]:
    """Every model with sealed columns."""
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, SealedRow) and sealed_fields(model)]


def seal_plain_columns(rows: Any, **plain: str) -> None:
    """A step of a migration: fill sealed columns (and their indexes) from the plain ones beside them, row by row.

    `plain`: sealed column → plain column. `rows`: all rows of the model as it is at that step.
    """
    model = rows.model
    names = ["seal", *with_indexes(model(), plain)]
    for row in rows.iterator(chunk_size=1000):
        row.seal = new_seal()
        for sealed, was in plain.items():
            setattr(row, sealed, getattr(row, was))
        row.save(update_fields=names)


class _Exact(models.Lookup):
    """`phone = "139…"`, asked of the index."""

    lookup_name = "exact"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs: Any = self.lhs
        column = Col(lhs.alias, lhs.target.model._meta.get_field(lhs.target.index))
        sql, params = compiler.compile(column)
        wanted = blind(lhs.target, self.rhs) or b""
        return f"{sql} = %s", [*params, connection.Database.Binary(wanted)]


class _In(_Exact):
    """`phone in (…)`, asked of the index."""

    lookup_name = "in"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs: Any = self.lhs
        column = Col(lhs.alias, lhs.target.model._meta.get_field(lhs.target.index))
        sql, params = compiler.compile(column)
        wanted = [connection.Database.Binary(blind(lhs.target, value) or b"") for value in cast(Any, self.rhs)]
        places = ", ".join(["%s"] * len(wanted)) or "NULL"
        return f"{sql} IN ({places})", [*params, *wanted]
