"""Routes of files, under /files/."""

from django.urls import path

from zhengtong.foundation.files import views

app_name = "files"
urlpatterns = [path("<uuid:public_id>/", views.download, name="download")]
