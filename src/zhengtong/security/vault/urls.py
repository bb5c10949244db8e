"""Addresses under /vault/ for officials, /my/data/ for the person concerned, /privacy/retention/ for everybody."""

from django.urls import path

from zhengtong.security.vault import views

app_name = "vault"
urlpatterns = [
    path("vault/", views.keys, name="keys"),
    path("vault/rotate/", views.rotate, name="rotate"),
    path("vault/erasures/", views.erasures, name="erasures"),
    path("vault/erasures/<int:number>/", views.erasure, name="erasure"),
    path("vault/retention/", views.retention, name="retention"),
    path("vault/retention/changes/<int:number>/", views.decide_retention, name="retention_decide"),
    path("vault/retention/<str:key>/", views.change_retention, name="retention_change"),
    path("privacy/retention/", views.kept, name="kept"),
    path("my/data/", views.my_data, name="my_data"),
    path("my/data/export/", views.export, name="export"),
]
