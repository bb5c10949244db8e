"""Addresses under /pki/: pages of the security administrator, and what programs fetch without signing in."""

from django.urls import path

from zhengtong.security.pki import views

app_name = "pki"
urlpatterns = [
    path("", views.authorities, name="authorities"),
    path("certificates/", views.certificates, name="certificates"),
    path("certificates/<str:serial>/", views.certificate, name="certificate"),
    path("certificates/<str:serial>/revoke/", views.revoke, name="revoke"),
    path("keys/", views.keys, name="keys"),
    path("keys/renew/", views.ask_renewal, name="ask_renewal"),
    path("keys/renew/<int:number>/confirm/", views.confirm_renewal, name="confirm_renewal"),
    path("keys/renew/<int:number>/withdraw/", views.withdraw_renewal, name="withdraw_renewal"),
    path("crl/<str:shard>.crl", views.revocation_list, name="list"),
    path("ocsp/", views.status, name="status"),
    path("trust.json", views.trust_list, name="trust"),
    path("ca/<str:name>.cer", views.authority_certificate, name="authority_certificate"),
]
