"""What stands in the way of a backup or a restore, said to the IT officer in both languages."""


class CannotBackUp(Exception):
    """A sentence that says what to do; nothing that was there before has been changed."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")


class Damaged(CannotBackUp):
    """A piece of a backup is missing or is not what was stored."""


class WrongKey(CannotBackUp):
    """The recovery key does not open this backup."""
