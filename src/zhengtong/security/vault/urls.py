"""Addresses under /vault/ for officials, and /my/data/ for the person concerned."""

from django.urls import path

from zhengtong.security.vault import views

app_name = "vault"
urlpatterns = [
    path("vault/", views.keys, name="keys"),
    path("vault/rotate/", views.rotate, name="rotate"),
    path("vault/erasures/", views.erasures, name="erasures"),
    path("vault/erasures/<int:number>/", views.erasure, name="erasure"),
    path("my/data/", views.my_data, name="my_data"),
    path("my/data/export/", views.export, name="export"),
]
