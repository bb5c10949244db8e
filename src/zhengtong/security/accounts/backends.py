"""How a password is checked: one box takes a login name, a phone, an identity number or an e-mail address."""

from allauth.account.auth_backends import AuthenticationBackend

from zhengtong.foundation.calendars.public import official_now
from zhengtong.security.accounts.models import User
from zhengtong.security.accounts.queries import find_by_login
from zhengtong.security.accounts.recovery.queries import is_over


class AccountBackend(AuthenticationBackend):
    """allauth's backend with the house's way of finding the account; an unknown login costs the same time as a wrong
    password.
    """

    def _authenticate_by_username(self, username: str, password: str) -> User | None:
        """The one account the login and the password fit together; none when a shared phone and password fit two
        people, or when a one-time password from a window is older than a day.
        """
        fitting = [user for user in find_by_login(username) if self._check_password(user, password)]
        if len(fitting) != 1 or is_over(fitting[0], official_now()):
            return None
        return fitting[0]
