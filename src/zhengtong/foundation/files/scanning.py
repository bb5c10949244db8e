"""Asking the county's virus scanner about a file that has arrived: clamd, by its INSTREAM command (clamd(8)).

The scanner is another program, kept up to date by whoever runs the machine; it gets the plain bytes over a socket and never
a place on our disk. When one is set and does not answer, nothing is taken in (ASVS 5.4.3, GB/T 22239-2019 8.1.4.5).
"""

import socket
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from zhengtong.foundation.files.inspection import Content
from zhengtong.foundation.files.refusals import CannotReceiveFile
from zhengtong.kernel.errors import Unavailable

PIECE = 65536
ANSWER_WITHIN = 60
LONGEST_ANSWER = 4096


class HarmfulFile(CannotReceiveFile):
    """The scanner knows the content as harmful."""

    code = "file_harmful"


def scan(content: Content) -> None:
    """Ask whether the content is harmful. Refuses `HarmfulFile`, and `Unavailable` when the scanner says neither yes nor no.

    Without a scanner nothing is asked: `zhengtong doctor` says so.
    """
    if not settings.VIRUS_SCANNER:
        return
    try:
        with _connected(settings.VIRUS_SCANNER) as scanner, content.open("rb") as file:
            answer = _ask(scanner, file)
    except (OSError, ValueError):
        answer = ""
    if answer.endswith(" FOUND"):
        raise HarmfulFile(_("病毒扫描认为这个文件有害，没有接收。请在自己的设备上杀毒，换一份干净的文件再上传。"))
    if answer != "stream: OK":
        raise Unavailable(
            _("病毒扫描暂时用不了，文件没有接收，其他内容没有改变。请稍后再试；仍不行请拨打12345告知管理员。")
        )


def answers() -> bool:
    """The scanner is there and says so (PING, PONG)."""
    try:
        with _connected(settings.VIRUS_SCANNER) as scanner:
            scanner.sendall(b"zPING\0")
            return scanner.recv(16).startswith(b"PONG")
    except (OSError, ValueError):
        return False


def _connected(where: str) -> socket.socket:
    """A connection to `/path/of/the/socket` or `HOST:PORT`."""
    if where.startswith("/"):
        scanner = socket.socket(socket.AF_UNIX)
        scanner.settimeout(ANSWER_WITHIN)
        scanner.connect(where)
        return scanner
    host, _colon, port = where.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=ANSWER_WITHIN)


def _ask(scanner: socket.socket, file: Any) -> str:
    scanner.sendall(b"zINSTREAM\0")
    while piece := file.read(PIECE):
        scanner.sendall(len(piece).to_bytes(4, "big") + piece)
    scanner.sendall(bytes(4))
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
        more = scanner.recv(LONGEST_ANSWER)
        if not more:
            break
        answer += more
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()
