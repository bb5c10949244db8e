"""Routes: every system's own under its prefix; the site root is left to the portal."""

from django.urls import URLPattern, URLResolver, include, path

from zhengtong.config import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("zhengtong.security.accounts.urls")),
    path("", include("zhengtong.security.accounts.provider_urls")),
    path("authority/", include("zhengtong.security.pmi.urls")),
    path("pki/", include("zhengtong.security.pki.urls")),
    path("", include("zhengtong.security.vault.urls")),
    path("", include("zhengtong.security.audit.urls")),
    path("", include("zhengtong.security.signatures.urls")),
    path("", include("zhengtong.security.timestamps.urls")),
    path("", include("zhengtong.foundation.calendars.urls")),
    path("organizations/", include("zhengtong.foundation.organizations.urls")),
    path("files/", include("zhengtong.foundation.files.urls")),
    path("", include("zhengtong.foundation.notices.urls")),
    path("catalogue/", include("zhengtong.approvals.matters.urls")),
    path("", include("zhengtong.approvals.fees.urls")),
    path("", include("zhengtong.approvals.cases.urls")),
    path("", include("zhengtong.approvals.greenway.urls")),
    path("", include("zhengtong.approvals.ratings.urls")),
    path("desk/", include("zhengtong.office.desk.urls")),
    path("", include("zhengtong.oversight.supervision.urls")),
    path("design/", include("zhengtong.config.gallery")),
    path("api/", api.urls),
    path("", include("zhengtong.portal.hall.urls")),
]

handler400 = "zhengtong.config.views.bad_request"
handler403 = "zhengtong.config.views.forbidden"
handler404 = "zhengtong.config.views.not_found"
handler500 = "zhengtong.config.views.server_error"
