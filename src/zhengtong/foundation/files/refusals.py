"""Why a file is not taken: each a sentence for the person who chose it, shown at the upload field."""

from typing import ClassVar

from zhengtong.kernel.errors import Invalid


class CannotReceiveFile(Invalid):
    """The file is empty, damaged, dangerous, or not what its name says."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "file_refused"

    def __init__(self, message: object) -> None:
        super().__init__(message, fields={"file": message})


class FileTooLarge(CannotReceiveFile):
    """The file is larger than the county takes."""

    status = 413
    code = "file_too_large"


class FileTypeNotAllowed(CannotReceiveFile):
    """A type of file that the county does not take."""

    status = 415
    code = "file_type_not_allowed"
