"""Addresses under /calendars/, and /demo/."""

from django.urls import include, path

from zhengtong.foundation.calendars import views

pages = [
    path("", views.index, name="index"),
    path("<int:number>/", views.year, name="year"),
    path("edit/", views.edit, name="edit"),
    path("import/", views.import_year, name="import"),
    path("begin/", views.publish_builtin, name="begin"),
    path("versions/", views.versions, name="versions"),
    path("versions/<int:number>/", views.version, name="version"),
]

urlpatterns = [
    path("calendars/", include((pages, "calendars"))),
    path("demo/", views.demo, name="demo"),
]
