"""Addresses of audit: under /audit/ for auditors, /my/reads/ for everybody."""

from django.urls import path

from zhengtong.security.audit import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.search, name="search"),
    path("audit/verification/", views.verification, name="verification"),
    path("audit/entries/<int:seq>/", views.entry, name="entry"),
    path("audit/trail/<str:subject>/", views.trail, name="trail"),
    path("my/reads/", views.my_reads, name="my_reads"),
]
