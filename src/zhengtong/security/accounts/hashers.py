"""Password hashing that a morning peak of sign-ins can afford."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CountyArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with the OWASP parameters m = 19 MiB, t = 2, p = 1: about 40 checks a second on one core.

    Django's default (100 MiB, p = 8) manages six or seven on two cores; two thousand officials signing in within five
    minutes at eight o'clock need seven a second, and the pages beside them need the rest of the machine.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
