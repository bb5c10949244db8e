"""What everybody may read: ratings with the department's answer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zhengtong.approvals.ratings import figures, queries, screens
from zhengtong.approvals.ratings.models import CODES
from zhengtong.foundation.calendars.public import official_today
from zhengtong.kernel import access


@access.public
@require_safe
def published(request: HttpRequest) -> HttpResponse:
    """Ratings whose text was released, each with the answer; by department, matter and level; the county's shares above."""
    page = queries.published(request.GET)
    context = {
        "page": page,
        "rows": [screens.public_row(rating) for rating in page],
        "departments": [(body.code, body.label) for body in queries.bodies_with_ratings()],
        "matters": queries.matters_with_ratings(request.GET.get("department", "")),
        "levels": CODES,
        "filters": request.GET,
        "shares": figures.shares(queries.satisfaction(today=official_today())[0]),
    }
    return render(request, "ratings/published.html", context)
