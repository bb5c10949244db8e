"""Addresses under /organizations/."""

from django.urls import path

from zhengtong.foundation.organizations import views

app_name = "organizations"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.establish, name="establish"),
    path("<slug:code>/", views.detail, name="detail"),
    path("<slug:code>/members/<int:membership_id>/end/", views.end_membership, name="end_membership"),
    path("<slug:code>/<slug:action>/", views.change, name="change"),
]
