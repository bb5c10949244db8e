"""Addresses of timestamps: /timestamps/ for those who watch over it, /tsa/ for programs (RFC 3161)."""

from django.urls import path, register_converter

from zhengtong.security.timestamps import views
from zhengtong.security.timestamps.keys import ALGORITHMS


class Algorithm:
    """`p256` or `sm2`."""

    regex = "|".join(ALGORITHMS)

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(Algorithm, "stamp_algorithm")

app_name = "timestamps"
urlpatterns = [
    path("timestamps/", views.overview, name="overview"),
    path("timestamps/trust/", views.trust, name="trust"),
    path("tsa/<stamp_algorithm:algorithm>/", views.service, name="service"),
]
