"""The desk: what is due today first, from every system."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhengtong.foundation.calendars.public import official_today
from zhengtong.kernel import access
from zhengtong.office.desk import queries


@access.requires("desk.view")
def home(request: HttpRequest) -> HttpResponse:
    """The to-do list of this person: their own and those of the posts they hold, by due day."""
    today = official_today()
    context = queries.desk_of(
        request.user, bucket=request.GET.get("due", ""), page=request.GET.get("page", "1"), today=today
    )
    return render(request, "desk/home.html", context)
