"""Routes of notices: the inbox of a person, and what did not arrive for the county office."""

from django.urls import path

from zhengtong.foundation.notices import views

app_name = "notices"
urlpatterns = [
    path("my/inbox/", views.inbox, name="inbox"),
    path("my/inbox/read/", views.read_all, name="read_all"),
    path("my/inbox/<int:notice_id>/", views.notice, name="notice"),
    path("office/deliveries/", views.troubles, name="troubles"),
    path("office/deliveries/events/<int:delivery_id>/retry/", views.retry_event, name="retry_event"),
    path("office/deliveries/notices/<int:delivery_id>/retry/", views.retry_notice, name="retry_notice"),
]
