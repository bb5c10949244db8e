"""Addresses under /vault/: pages of the security administrator."""

from django.urls import path

from zhengtong.security.vault import views

app_name = "vault"
urlpatterns = [
    path("", views.keys, name="keys"),
    path("rotate/", views.rotate, name="rotate"),
]
