"""Addresses of the hall, at the site root; nothing here catches what it does not know."""

from django.urls import path

from zhengtong.portal.hall.views import applying, finding, following, verifying

app_name = "hall"
urlpatterns = [
    path("", finding.home, name="home"),
    path("services/", finding.services, name="search"),
    path("services/<slug:key>/", finding.service, name="service"),
    path("services/<slug:key>/eligible/", finding.eligible, name="eligible"),
    path("apply/case/<int:case_id>/", applying.go_on, name="go_on"),
    path("apply/case/<int:case_id>/materials/", applying.materials, name="materials"),
    path("apply/case/<int:case_id>/materials/<int:no>/", applying.material, name="material"),
    path("apply/case/<int:case_id>/files/<uuid:public_id>/remove/", applying.remove_file, name="remove_file"),
    path("apply/case/<int:case_id>/check/", applying.check, name="check"),
    path("apply/case/<int:case_id>/done/", applying.done, name="done"),
    path("apply/case/<int:case_id>/receipt.pdf", applying.receipt, name="receipt"),
    path("apply/case/<int:case_id>/page/<slug:page>/", applying.question, name="question"),
    path("apply/<slug:key>/", applying.start, name="start"),
    path("my/", following.my, name="my"),
    path("my/cases/<int:case_id>/", following.case, name="case"),
    path("my/cases/<int:case_id>/clock/<int:clock_id>/", following.clock, name="clock"),
    path("my/cases/<int:case_id>/supplement/", following.supplement, name="supplement"),
    path("my/cases/<int:case_id>/review-supplement/", following.review_supplement, name="review_supplement"),
    path("my/cases/<int:case_id>/withdraw/", following.withdraw, name="withdraw"),
    path("my/cases/<int:case_id>/amend/", following.amend, name="amend"),
    path("my/cases/<int:case_id>/rate/", following.rate, name="rate"),
    path("progress/", following.progress, name="progress"),
    path("progress/projects/<int:project_id>/", following.progress_project, name="progress_project"),
    path("progress/<int:case_id>/", following.progress_case, name="progress_case"),
    path("progress/<int:case_id>/rate/", following.rate_by_code, name="rate_by_code"),
    path("papers/<int:paper_id>.pdf", following.paper, name="paper"),
    path("verify/", verifying.verify, name="verify"),
    path("verify/<str:code>/", verifying.verified, name="verified"),
]
