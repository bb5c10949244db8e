"""How a password is checked: one box takes a login name, a phone, an identity number or an e-mail address."""

from allauth.account.auth_backends import AuthenticationBackend

from zhengtong.security.accounts.models import User
from zhengtong.security.accounts.queries import find_by_login


class AccountBackend(AuthenticationBackend):
    """allauth's backend with the house's way of finding the account; an unknown login costs the same time as a wrong
    password.
    """

    def _authenticate_by_username(self, username: str, password: str) -> User | None:
        """The one account the login and the password fit together; none when a shared phone and password fit two
        people.
        """
        fitting = [user for user in find_by_login(username) if self._check_password(user, password)]
        return fitting[0] if len(fitting) == 1 else None
