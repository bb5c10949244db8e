"""Why a change to the catalogue is not taken."""

from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.errors import Refusal


class CannotChangePublished(Refusal):
    """A published version is what cases rest on: it never changes, a new version replaces it."""

    code = "matter_published"

    def __init__(self) -> None:
        super().__init__(_("已发布的事项版本不能修改或删除。请新建一个版本，审核发布后替换它。"))


class CannotEditMatter(Refusal):
    """The version is not a draft, or another draft is open."""

    code = "matter_not_editable"


class CannotPublishMatter(Refusal):
    """The elements do not pass the check, or the second pair of eyes is missing."""

    code = "matter_not_publishable"


class CannotRetireMatter(Refusal):
    """There is no version in force."""

    code = "matter_not_in_force"


class CannotImport(Refusal):
    """The file has problems and nobody said to leave them out, or it was imported already."""

    code = "matters_not_importable"
