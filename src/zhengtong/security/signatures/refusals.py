"""Why there is no signature."""

from zhengtong.kernel.errors import Unavailable


class CannotSign(Unavailable):
    """The keys, or what else a signature needs, are not there now; nothing unsigned is handed out in its place."""

    code = "cannot_sign"
