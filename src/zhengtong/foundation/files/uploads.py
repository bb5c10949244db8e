"""The upload handler of the house: to disk piece by piece, no further than the limit; a full disk is remembered.

What arrives lies in a file without a name: it is gone with the process, also with one that is killed, and nobody else finds it.

What it notes (`refusal` on the uploaded file) is said by `files.receive`, where a form can show it at its field.
"""

from io import BytesIO
from tempfile import TemporaryFile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from zhengtong.foundation.files import storage
from zhengtong.kernel.errors import ZhengtongError


class CheckedUploadHandler(TemporaryFileUploadHandler):
    """Writes uploads to temporary files; what exceeds the limit or the disk is thrown away as it comes."""

    file: Any
    refusal: ZhengtongError | None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Start a file; a disk that cannot even take an empty one is noted."""
        self.refusal, self.received = None, 0
        try:
            FileUploadHandler.new_file(self, *args, **kwargs)
            nameless = TemporaryFile(dir=storage.incoming_folder())  # noqa: SIM115 - closed with the request
            about = (self.file_name, self.content_type, 0, self.charset, self.content_type_extra)
            self.file = UploadedFile(nameless, *about)
        except OSError:
            self.refusal = storage.disk_full()
            self.file = UploadedFile(BytesIO(), self.file_name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, unless something already speaks against the file."""
        self.received += len(raw_data)
        if self.refusal is None and self.received > storage.max_bytes():
            self._give_up(storage.too_large())
        if self.refusal is not None:
            return
        try:
            super().receive_data_chunk(raw_data, start)
            self.file.file.flush()
        except OSError as error:
            if error.errno not in storage.FULL:
                raise
            self._give_up(storage.disk_full())

    def _give_up(self, refusal: ZhengtongError) -> None:
        self.refusal = refusal
        self.file.file.seek(0)
        self.file.file.truncate()

    def file_complete(self, file_size: int) -> Any:
        """Hand over the file, with what speaks against it."""
        self.file.refusal = self.refusal
        if self.refusal is not None:
            self.file.size = 0
            return self.file
        return super().file_complete(file_size)

    def upload_interrupted(self) -> None:
        """The visitor went away: the file goes with its handle."""
        if getattr(self, "file", None) is not None:
            self.file.close()
