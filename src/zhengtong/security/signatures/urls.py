"""Addresses of signatures; read before the hall's, whose /verify/CODE/ takes every other word."""

from django.urls import path

from zhengtong.security.signatures import views

app_name = "signatures"
urlpatterns = [path("verify/file/", views.verify_file, name="verify_file")]
"""Public: anybody may ask whether a file is genuine."""
