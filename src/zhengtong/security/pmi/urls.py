"""Addresses under /authority/."""

from django.urls import path

from zhengtong.security.pmi import views

app_name = "pmi"
urlpatterns = [
    path("", views.officials, name="officials"),
    path("new/", views.new_official, name="official_new"),
    path("policy/", views.policy, name="policy"),
    path("why/", views.why, name="why"),
    path("<int:user_id>/", views.official, name="official"),
    path("<int:user_id>/grant/", views.grant, name="grant"),
    path("<int:user_id>/stand-in/", views.stand_in, name="stand_in"),
    path("<int:user_id>/appoint/", views.appoint, name="appoint"),
    path("<int:user_id>/close/", views.close, name="close"),
    path("<int:user_id>/reopen/", views.reopen, name="reopen"),
    path("<int:user_id>/reset-password/", views.reset_password, name="reset_password"),
    path("<int:user_id>/reset-factors/", views.reset_factors, name="reset_factors"),
    path("grants/<int:grant_id>/confirm/", views.confirm, name="confirm"),
    path("grants/<int:grant_id>/revoke/", views.revoke, name="revoke"),
    path("memberships/<int:membership_id>/end/", views.end_membership, name="membership_end"),
]
