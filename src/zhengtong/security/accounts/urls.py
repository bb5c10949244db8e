"""Addresses under /account/: the house's own pages and, marked, those of allauth that the house uses."""

from allauth.account import urls as account_urls
from allauth.mfa import urls as mfa_urls
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from zhengtong.kernel import access
from zhengtong.security.accounts import province_views, views
from zhengtong.security.accounts.recovery import views as recovery_views

BEFORE_SIGN_IN = {
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
}
"""allauth's pages that an anonymous visitor must reach; all its others need a session."""

NOT_USED = {
    "account_login",
    "account_signup",
    "account_email",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
}
"""Replaced by the house's own pages, or belonging to sign-in ways that are switched off."""


def _marked(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The patterns with an access mark on every view, without those that are not used."""
    kept: list[URLPattern | URLResolver] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            pattern.url_patterns[:] = _marked(pattern.url_patterns)
            kept.append(pattern)
        elif pattern.name not in NOT_USED:
            mark = access.public if pattern.name in BEFORE_SIGN_IN else access.signed_in
            mark(pattern.callback)
            kept.append(pattern)
    return kept


to_profile = access.signed_in(RedirectView.as_view(pattern_name="account_profile"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.profile, name="account_profile"),
    path("welcome/", views.welcome, name="account_welcome"),
    path("login/", views.sign_in, name="account_login"),
    path("login/certificate/", views.sign_in_with_certificate, name="account_certificate"),
    path("login/province/", province_views.leave, name="account_province"),
    path("login/province/back/", province_views.come_back, name="account_province_back"),
    path("login/province/finish/", province_views.finish, name="account_province_finish"),
    path("signup/", views.register, name="account_signup"),
    path("second-factor/", views.second_factor, name="account_second_factor"),
    path("sessions/", views.open_sessions, name="account_sessions"),
    path("sessions/end-others/", views.end_other_sessions, name="account_sessions_end_others"),
    path("sessions/<int:session_id>/end/", views.end_session, name="account_session_end"),
    path("systems/<str:client_id>/end/", views.leave_system, name="account_system_end"),
    path("clients/", views.client_systems, name="account_clients"),
    path("clients/new/", views.new_client, name="account_client_new"),
    path("clients/<str:client_id>/close/", views.close_client, name="account_client_close"),
    path("recovery/", recovery_views.begin, name="account_recovery_begin"),
    path("recovery/<int:number>/", recovery_views.recovery, name="account_recovery"),
    path("recovery/<int:number>/confirm/", recovery_views.confirm, name="account_recovery_confirm"),
    path("contact/", views.contact, name="account_contact"),
    path("email/", to_profile, name="account_email"),
    path("enterprises/new/", views.register_enterprise, name="account_enterprise_new"),
    path("enterprises/<int:enterprise_id>/", views.enterprise, name="account_enterprise"),
    path("enterprises/<int:enterprise_id>/members/<int:member_id>/end/", views.end_member, name="account_member_end"),
    path("mandates/new/", views.new_mandate, name="account_mandate_new"),
    path("mandates/<int:mandate_id>/revoke/", views.revoke_mandate, name="account_mandate_revoke"),
    *_marked(list(account_urls.urlpatterns)),
    path("factors/", (_marked(list(mfa_urls.urlpatterns)), None, None)),
]
