"""Reads of ratings: what everybody may read, a department's orders, what waits for review, the figures."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.ratings.models import BAD, CODES, Dispute, Invitation, Publication, Rating, Rule, WorkOrder
from zhengtong.approvals.ratings.operations.invitations import check, digest_of
from zhengtong.approvals.ratings.operations.orders import what_it_is_about
from zhengtong.approvals.ratings.operations.ruling import BUILT_IN
from zhengtong.approvals.ratings.states import OPEN, Release, Ruling, Standing, State
from zhengtong.approvals.ratings.values import OpenClock, OrderClock, Satisfaction
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import CalendarYearMissing, NotFound
from zhengtong.security.pmi import public as pmi

A_PAGE = 20
RELATED = ("department", "case__version", "case__matter", "visit__organization")
NOT_CONTACTED = (State.OPENED, State.ASSIGNED)
NOT_CORRECTED = (*NOT_CONTACTED, State.CONTACTED)


def of_case(case_id: int) -> Rating | None:
    """The rating of a case; None while there is none."""
    return Rating.objects.filter(case_id=case_id).first()


def get(rating_id: int) -> Rating:
    """One rating with what its pages need. Raises `NotFound`."""
    found = (
        Rating.objects.select_related(*RELATED, "order__department", "order__assignee", "order__rule", "dispute")
        .defer("case__version__document")
        .filter(pk=rating_id)
        .first()
    )
    if found is None:
        raise NotFound(_("没有找到这条评价。"))
    return found


def by_token(token: str, *, at: datetime) -> Invitation:
    """What a link is for, without using it up. Raises `CannotUseLink`."""
    found = (
        Invitation.objects.select_related("case__version", "visit__organization", "rating")
        .filter(digest=digest_of(token))
        .first()
    )
    check(found, at=at)
    assert found is not None
    return found


def about(rating: Rating) -> str:
    """What a rating is about, in the reader's language: the matter, or the window."""
    if rating.case is not None:
        return str(rating.case.version.label)
    assert rating.visit is not None
    return _("{body}{n}号窗口").format(body=rating.visit.organization.label, n=rating.visit.counter)


def subjects_of(user_id: int) -> list[str]:
    """The subjects that hold what this person said."""
    found = Rating.objects.filter(
        Q(rated_by_id=user_id) | Q(case__applicant_user_id=user_id) | Q(case__filed_by_id=user_id)
    )
    return [f"rating:{pk}" for pk in found.values_list("pk", flat=True)]


# --- What everybody may read --------------------------------------------------------------------------------------------


def published(query: Mapping[str, str]) -> Page[Any]:
    """Ratings of which a text was released, newest first, by department, matter and level; each with its texts."""
    shown = Publication.objects.filter(state=Release.RELEASED)
    found = Rating.objects.filter(Exists(shown.filter(rating=OuterRef("pk"))))
    if department := query.get("department", ""):
        found = found.filter(department__code=department)
    if matter := query.get("matter", ""):
        found = found.filter(case__matter__key=matter)
    if (code := query.get("level", "")) in {str(known) for known, _label in CODES}:
        found = found.filter(code=int(code))
    texts = Prefetch("publications", shown.order_by("part"), to_attr="texts")
    rows = found.select_related(*RELATED, "order").defer("case__version__document").prefetch_related(texts)
    return Paginator(rows.order_by("-rated_at", "-pk"), A_PAGE).get_page(query.get("page"))


def bodies_with_ratings() -> QuerySet[Organization]:
    """The bodies that were ever rated, to filter by."""
    return Organization.objects.filter(pk__in=Rating.objects.values("department_id")).order_by("path")


def matters_with_ratings(department: str = "") -> list[tuple[str, str]]:
    """(key, name) of the published matters with a released text, of one body or of all."""
    shown = Publication.objects.filter(state=Release.RELEASED).values("rating__case__matter_id")
    found = matters.Matter.objects.filter(pk__in=shown, current__isnull=False).select_related("current")
    if department:
        found = found.filter(department__code=department)
    found = found.defer("current__document").order_by("key")
    return [(matter.key, str(matter.current.label)) for matter in found if matter.current]


# --- Work orders --------------------------------------------------------------------------------------------------------

SCOPES = ("open", "late", "replied", "ended", "all")


def _late(today: date) -> Q:
    contact = Q(state__in=NOT_CONTACTED, contact_due_on__lt=today)
    return contact | Q(state__in=NOT_CORRECTED, correct_due_on__lt=today)


def _scopes(today: date) -> dict[str, Q]:
    return {
        "open": Q(state__in=NOT_CORRECTED),
        "late": _late(today),
        "replied": Q(state=State.REPLIED),
        "ended": ~Q(state__in=OPEN),
        "all": Q(),
    }


def orders_for(user: Any, *, on: date) -> QuerySet[WorkOrder]:
    """The orders of the bodies where this official may see ratings."""
    bodies = [body.pk for body in pmi.organizations_where(user, "ratings.view", on=on)]
    related = (*(f"rating__{name}" for name in RELATED), "department", "assignee")
    return (
        WorkOrder.objects.filter(department_id__in=bodies)
        .select_related(*related, "rating__dispute")
        .defer("rating__case__version__document")
    )


def order_counts(orders: QuerySet[WorkOrder], *, today: date) -> dict[str, int]:
    """How many stand in each part of the list; one query."""
    parts = {name: Count("pk", filter=scope) for name, scope in _scopes(today).items()}
    return orders.aggregate(**parts)


def order_page(orders: QuerySet[WorkOrder], query: Mapping[str, str], *, today: date) -> Page[WorkOrder]:
    """The asked part, most urgent first."""
    scope = query.get("scope", "open")
    found = orders.filter(_scopes(today).get(scope, Q(state__in=NOT_CORRECTED)))
    order = ("-pk",) if scope in ("ended", "all") else ("contacted_at", "contact_due_on", "correct_due_on", "pk")
    return Paginator(found.order_by(*order), A_PAGE).get_page(query.get("page"))


def running_clock(order: WorkOrder) -> tuple[str, date] | None:
    """What is due next and when; None when nothing of the department's runs."""
    if order.state in NOT_CONTACTED:
        return ("contact", order.contact_due_on)
    return ("correct", order.correct_due_on) if order.state == State.CONTACTED else None


def workdays_left(due_on: date, today: date) -> int | None:
    """Working days until `due_on`, negative when it has passed; None for a year without data."""
    days = calendars.current()
    try:
        return days.count(today, due_on) if due_on >= today else -(days.count(due_on, today) or 1)
    except CalendarYearMissing:
        return None


def handlers_of(body: Organization, *, on: date) -> list[Any]:
    """Who at this body may be given an order."""
    roles = [name for name, role in pmi.ROLES.items() if "ratings.handle" in role.permissions]
    found: dict[int, Any] = {}
    for role in roles:
        for grant in pmi.holders_of(role, on=on).filter(organization=body, user__is_active=True):
            found[grant.user_id] = grant.user
    return sorted(found.values(), key=lambda user: (user.display_name, user.pk))


# --- Review by the county office ----------------------------------------------------------------------------------------


def waiting_texts() -> QuerySet[Publication]:
    """Texts that wait to be released or withheld, oldest first."""
    related = tuple(f"rating__{name}" for name in RELATED)
    found = Publication.objects.filter(state=Release.WAITING).select_related("rating", *related)
    return found.defer("rating__case__version__document").order_by("pk")


def get_text(publication_id: int) -> Publication:
    """One text with its rating. Raises `NotFound`."""
    related = tuple(f"rating__{name}" for name in RELATED)
    found = Publication.objects.select_related("rating", *related).filter(pk=publication_id).first()
    if found is None:
        raise NotFound(_("没有找到这条待公开的内容。"))
    return found


def waiting_disputes() -> QuerySet[Dispute]:
    """Applications that wait for a decision, oldest first."""
    related = tuple(f"rating__{name}" for name in RELATED)
    found = Dispute.objects.filter(ruling=Ruling.WAITING).select_related("rating", *related, "applied_by")
    return found.defer("rating__case__version__document").order_by("pk")


def to_look_at(*, today: date) -> QuerySet[WorkOrder]:
    """Orders for the county office: late ones, and those whose follow-up was bad again."""
    again = Q(state=State.REPLIED, follow_up_code__gte=BAD)
    related = tuple(f"rating__{name}" for name in RELATED)
    found = WorkOrder.objects.filter(_late(today) | again).select_related("department", "rating", *related)
    return found.defer("rating__case__version__document").order_by("contact_due_on", "pk")


def waiting_for_review(user: Any) -> int:
    """What waits for the county office: applications and texts, for the number beside the link."""
    disputes = Dispute.objects.filter(ruling=Ruling.WAITING).count()
    return disputes + Publication.objects.filter(state=Release.WAITING).count()


# --- Clocks and figures -------------------------------------------------------------------------------------------------


def open_clocks() -> list[OpenClock]:
    """Every clock of a work order that still runs: contact until the person was reached, correction until the answer.

    For whoever watches over deadlines; one query.
    """
    found = []
    related = tuple(f"rating__{name}" for name in RELATED)
    orders = WorkOrder.objects.filter(state__in=NOT_CORRECTED).select_related("department", "rating", *related)
    for order in orders.defer("rating__case__version__document").order_by("pk"):
        url, what = f"/ratings/orders/{order.rating_id}/", about(order.rating)
        common: dict[str, Any] = {"body": order.department, "started_on": order.opened_on, "url": url}
        if order.state in NOT_CONTACTED:
            title = _("差评须联系评价人：{what}").format(what=what)
            subject = f"{order.subject}:contact"
            found.append(OpenClock(subject=subject, kind="contact", due_on=order.contact_due_on, title=title, **common))
        title = _("差评须整改并答复：{what}").format(what=what)
        subject = f"{order.subject}:correct"
        found.append(OpenClock(subject=subject, kind="correct", due_on=order.correct_due_on, title=title, **common))
    return found


def order_clocks(rating_ids: Iterable[int]) -> list[OrderClock]:
    """Both clocks of the work orders of these ratings, running or stopped; one query.

    A try to reach the person stops nothing; an order that was set aside stops where it stood.
    """
    related = ("rule", *(f"rating__{name}" for name in RELATED))
    orders = WorkOrder.objects.filter(rating_id__in=list(rating_ids)).select_related("rating", *related)
    found = []
    for order in orders.defer("rating__case__version__document").order_by("pk"):
        rule = order.rule or Rule(version=0, **BUILT_IN)
        case = order.rating.case
        common: dict[str, Any] = {
            "rating_id": order.rating_id,
            "department_id": order.department_id,
            "assignee_id": order.assignee_id,
            "started_on": order.opened_on,
            "url": f"/ratings/orders/{order.rating_id}/",
            "number": case.spoken_number or "" if case is not None else "",
            "what": what_it_is_about(order.rating),
        }
        for kind, due_on, done_at, limit, unit in (
            ("contact", order.contact_due_on, order.contacted_at, rule.contact_days, rule.contact_unit),
            ("correct", order.correct_due_on, order.replied_at, rule.correct_days, rule.correct_unit),
        ):
            workdays = limit if unit == "workdays" else None
            stopped_at = done_at or order.closed_at
            found.append(OrderClock(kind=kind, due_on=due_on, workdays=workdays, stopped_at=stopped_at, **common))
    return found


def ratings_with_open_clocks(*, after: int, limit: int) -> list[int]:
    """The next ratings, by number, whose work order has a clock that runs."""
    orders = WorkOrder.objects.filter(state__in=NOT_CORRECTED, rating_id__gt=after).order_by("rating_id")
    return list(orders.values_list("rating_id", flat=True)[:limit])


def satisfied_between(after: datetime, until: datetime) -> tuple[int, int]:
    """(ratings that count, satisfied ones) given after `after` and up to `until`."""
    found = Rating.objects.filter(standing=Standing.COUNTED, rated_at__gt=after, rated_at__lte=until)
    row = found.aggregate(rated=Count("pk"), content=Count("pk", filter=Q(code__lt=BAD)))
    return row["rated"], row["content"]


def satisfaction(*, today: date, by_body: bool = False) -> dict[int, Satisfaction]:
    """The figures, by department id; the whole county stands under 0. Three queries, whatever the number of departments."""
    rows: dict[int, dict[str, int]] = {}
    for counts in (_ratings(), _orders(today), _finished()):
        for body, row in counts:
            for key in (0, body) if by_body else (0,):
                kept = rows.setdefault(key, dict.fromkeys(Satisfaction.__dataclass_fields__, 0))
                for name, n in row.items():
                    kept[name] += n
    rows.setdefault(0, {})
    return {body: Satisfaction(**row) for body, row in rows.items()}


Counted = list[tuple[int, dict[str, int]]]


def _grouped(rows: QuerySet[Any], **counts: Any) -> Counted:
    found = rows.order_by().values_list("department_id").annotate(**counts)
    return [(body, dict(zip(counts, numbers, strict=True))) for body, *numbers in found]


def _ratings() -> Counted:
    counts = Q(standing=Standing.COUNTED)
    return _grouped(
        Rating.objects.all(),
        rated=Count("pk", filter=counts),
        satisfied=Count("pk", filter=counts & Q(code__lt=BAD)),
        set_aside=Count("pk", filter=~counts),
    )


def _finished() -> Counted:
    ended = cases.Case.objects.filter(state__in=("delivered", "archived", "not_accepted"))
    return _grouped(ended, finished=Count("pk"), finished_rated=Count("pk", filter=Q(rating__isnull=False)))


def _orders(today: date) -> Counted:
    zone = timezone.get_current_timezone()
    orders = WorkOrder.objects.exclude(state=State.SET_ASIDE).annotate(
        contacted_on=TruncDate("contacted_at", tzinfo=zone), replied_on=TruncDate("replied_at", tzinfo=zone)
    )
    replied = Q(replied_at__isnull=False)
    return _grouped(
        orders,
        orders=Count("pk"),
        answered=Count("pk", filter=replied),
        contact_due=Count("pk", filter=Q(contacted_at__isnull=False) | Q(contact_due_on__lt=today)),
        contact_in_time=Count("pk", filter=Q(contacted_on__lte=F("contact_due_on"))),
        correct_due=Count("pk", filter=replied | Q(correct_due_on__lt=today)),
        correct_in_time=Count("pk", filter=Q(replied_on__lte=F("correct_due_on"))),
        followed_up=Count("pk", filter=Q(follow_up_code__isnull=False)),
        follow_up_satisfied=Count("pk", filter=Q(follow_up_code__lt=BAD)),
    )


def levels() -> list[tuple[int, str, int]]:
    """(code, words, how many) of the ratings that count."""
    given = dict(
        Rating.objects.filter(standing=Standing.COUNTED).values_list("code").annotate(n=Count("pk")).order_by()
    )
    return [(code, str(label), given.get(code, 0)) for code, label in CODES]
