"""Addresses of the catalogue, under /catalogue/."""

from django.urls import path

from zhengtong.approvals.matters.views import approval, catalogue, editor, importing

app_name = "matters"
urlpatterns = [
    path("", catalogue.index, name="index"),
    path("new/", editor.new, name="new"),
    path("waiting/", approval.waiting, name="waiting"),
    path("import/", importing.upload, name="import"),
    path("import/<int:import_id>/", importing.preview, name="import_preview"),
    path("versions/<int:version_id>/", catalogue.version, name="version"),
    path("versions/<int:version_id>/compare/", catalogue.compare, name="compare"),
    path("versions/<int:version_id>/review/", approval.review, name="review"),
    path("versions/<int:version_id>/submit/", editor.submit, name="submit"),
    path("versions/<int:version_id>/discard/", editor.discard, name="discard"),
    path("versions/<int:version_id>/edit/<slug:section_key>/", editor.section, name="section"),
    path("versions/<int:version_id>/edit/<slug:section_key>/check/", editor.check, name="check"),
    path("<slug:key>/", catalogue.matter, name="matter"),
    path("<slug:key>/revise/", editor.revise, name="revise"),
    path("<slug:key>/retire/", catalogue.retire, name="retire"),
]
