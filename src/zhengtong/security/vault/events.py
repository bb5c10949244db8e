"""Facts about keys and erasure."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class KeyRotationStarted(Event):
    """A new data key seals from now on; what older keys sealed is being sealed anew."""

    label: ClassVar[Any] = _("开始轮换数据密钥")
    subject_kind: ClassVar[str] = "vault_key"
    subject_field: ClassVar[str] = "key_number"

    key_number: int
    algorithm: str


@dataclass(frozen=True, kw_only=True)
class KeyRotated(Event):
    """Nothing is sealed by an older data key any more; `rows` and `files` were sealed anew."""

    label: ClassVar[Any] = _("完成轮换数据密钥")
    subject_kind: ClassVar[str] = "vault_key"
    subject_field: ClassVar[str] = "key_number"

    key_number: int
    rows: int
    files: int


@dataclass(frozen=True, kw_only=True)
class MasterKeyChanged(Event):
    """The data keys are wrapped by a new key-encryption key; the old one is gone from the key store."""

    label: ClassVar[Any] = _("更换主密钥")
    subject_kind: ClassVar[str] = "vault_master_key"
    subject_field: ClassVar[str] = "master_number"

    master_number: int
    keys: int


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """A person's sealed values were made unreadable for ever (个人信息保护法 第四十七条); proofs in the log stay valid."""

    label: ClassVar[Any] = _("密码擦除个人信息")
    subject_kind: ClassVar[str] = "user"
    subject_field: ClassVar[str] = "person_id"

    person_id: int
    basis: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class ErasureAsked(Event):
    """A person, or an official for them, asked that their data be erased; `ground`: which case of 个人信息保护法 第四十七条."""

    label: ClassVar[Any] = _("申请删除个人信息")
    subject_kind: ClassVar[str] = "user"
    subject_field: ClassVar[str] = "person_id"

    person_id: int
    ground: str


@dataclass(frozen=True, kw_only=True)
class ErasureConfirmed(Event):
    """A second person confirmed an erasure; the worker carries it out."""

    label: ClassVar[Any] = _("确认删除个人信息")
    subject_kind: ClassVar[str] = "user"
    subject_field: ClassVar[str] = "person_id"

    person_id: int


@dataclass(frozen=True, kw_only=True)
class ErasureRefused(Event):
    """An erasure was refused; the person reads the reason."""

    label: ClassVar[Any] = _("不删除个人信息")
    subject_kind: ClassVar[str] = "user"
    subject_field: ClassVar[str] = "person_id"

    person_id: int


@dataclass(frozen=True, kw_only=True)
class RetentionChangeAsked(Event):
    """An official asked that one kind of data be kept longer or shorter; it waits for a second person."""

    label: ClassVar[Any] = _("提出修改保存期限")
    subject_kind: ClassVar[str] = "retention_change"
    subject_field: ClassVar[str] = "change_id"

    change_id: int
    key: str
    amount: int
    unit: str


@dataclass(frozen=True, kw_only=True)
class RetentionChanged(Event):
    """A second person confirmed a change of a retention period, and it counts; or it was turned down (`confirmed` false)."""

    label: ClassVar[Any] = _("决定修改保存期限")
    subject_kind: ClassVar[str] = "retention_change"
    subject_field: ClassVar[str] = "change_id"

    change_id: int
    key: str
    amount: int
    unit: str
    confirmed: bool = True


@dataclass(frozen=True, kw_only=True)
class RetainedDeleted(Event):
    """A batch of data whose retention is over was deleted: how many rows of which kind, and how many attachments; nobody is named."""

    label: ClassVar[Any] = _("到期删除")
    subject_kind: ClassVar[str] = "deletion"
    subject_field: ClassVar[str] = "deletion_id"

    deletion_id: int
    key: str
    rows: int
    files: int
