"""Addresses: `/one/` for residents (one thing, one form), `/projects/` for everybody who takes part."""

from django.urls import path

from zhengtong.approvals.greenway.views import applying, following, importing, official, templates

app_name = "greenway"
urlpatterns = [
    path("one/", applying.bundles, name="bundles"),
    path("one/window/", official.window, name="window"),
    path("one/apply/<int:joint_id>/", applying.go_on, name="go_on"),
    path("one/apply/<int:joint_id>/page/<slug:step>/", applying.question, name="question"),
    path("one/apply/<int:joint_id>/materials/", applying.materials, name="materials"),
    path("one/apply/<int:joint_id>/materials/<int:no>/", applying.material, name="material"),
    path("one/apply/<int:joint_id>/check/", applying.check, name="check"),
    path("one/<slug:key>/", applying.guide, name="guide"),
    path("one/<slug:key>/start/", applying.start, name="start"),
    path("projects/", following.projects, name="projects"),
    path("projects/import/", importing.upload, name="import"),
    path("projects/import/empty.xlsx", importing.empty, name="import_empty"),
    path("projects/import/<int:import_id>/", importing.preview, name="import_preview"),
    path("projects/templates/", templates.index, name="templates"),
    path("projects/templates/new/", templates.new, name="template_new"),
    path("projects/templates/drafts/<int:draft_id>/", templates.draft, name="template_draft"),
    path("projects/templates/drafts/<int:draft_id>/edit/<slug:section>/", templates.edit, name="template_edit"),
    path("projects/templates/versions/<int:version_id>/compare/", templates.compare, name="template_compare"),
    path("projects/templates/<slug:key>/", templates.template, name="template"),
    path("projects/templates/<slug:key>/revise/", templates.revise, name="template_revise"),
    path("projects/<int:project_id>/", following.project, name="project"),
    path("projects/<int:project_id>/receipt/", official.receipt, name="receipt"),
    path("projects/<int:project_id>/print/", following.print_project, name="print"),
    path("projects/<int:project_id>/do/<slug:key>/<int:thing>/", following.act, name="act"),
    path("projects/stages/<int:joint_id>/clock/", following.clock, name="clock"),
    path("projects/stages/<int:joint_id>/reception/", official.reception, name="reception"),
]
