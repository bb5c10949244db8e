"""Addresses under /pki/: pages of the security administrator, and what programs fetch without signing in."""

from django.urls import path

from zhengtong.security.pki import views

app_name = "pki"
urlpatterns = [
    path("", views.authorities, name="authorities"),
    path("certificates/", views.certificates, name="certificates"),
    path("certificates/<str:serial>/", views.certificate, name="certificate"),
    path("certificates/<str:serial>/revoke/", views.revoke, name="revoke"),
    path("crl/<str:shard>.crl", views.revocation_list, name="list"),
    path("ocsp/", views.status, name="status"),
    path("trust.json", views.trust_list, name="trust"),
    path("ca/<str:name>.cer", views.authority_certificate, name="authority_certificate"),
]
