"""Routes of cases for officials."""

from django.urls import path

from zhengtong.approvals.cases.views import officer, window

app_name = "cases"
urlpatterns = [
    path("cases/", officer.case_list, name="list"),
    path("cases/export.csv", officer.export, name="export"),
    path("cases/figures/", officer.figures, name="figures"),
    path("cases/<int:case_id>/", officer.case_page, name="case"),
    path("cases/<int:case_id>/judge/", officer.judge, name="judge"),
    path("cases/<int:case_id>/do/<slug:key>/", officer.act, name="act"),
    path("cases/<int:case_id>/do/<slug:key>/<int:task_id>/", officer.act, name="step"),
    path("cases/<int:case_id>/clocks/<int:clock_id>/", officer.clock, name="clock"),
    path("cases/<int:case_id>/evidence.zip", officer.pack, name="evidence"),
    path("window/", window.start, name="window"),
    path("window/matters/", window.choose_matter, name="window_matters"),
    path("window/begin/", window.begin, name="window_begin"),
    path("window/amend/", window.amend, name="window_amend"),
    path("window/<int:case_id>/", window.fill, name="window_fill"),
    path("window/<int:case_id>/materials/<int:material_no>/", window.add_material, name="window_material"),
]
