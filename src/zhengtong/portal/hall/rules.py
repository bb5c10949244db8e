"""Who may follow a case without an account, how often a code may be tried, and for whom a service can be applied for."""

from collections.abc import Iterable, MutableMapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.calendars.public import official_today
from zhengtong.kernel.errors import NotFound, Refusal
from zhengtong.kernel.visitors import address_of
from zhengtong.security.accounts.values import Principal

FOLLOWED = "hall.followed"
FOLLOWED_PROJECTS = "hall.followed_projects"
MOST_FOLLOWED = 10
TRIES, WINDOW_SECONDS = 10, 600


class CannotTryAgain(Refusal):
    """Too many wrong codes from one place."""

    status = 429
    code = "too_many_tries"


def follow(session: MutableMapping[str, Any], case_id: int) -> None:
    """Remember in the session that number and query code of this case were given."""
    kept = [one for one in session.get(FOLLOWED, []) if one != case_id]
    session[FOLLOWED] = [*kept, case_id][-MOST_FOLLOWED:]


def follows(session: MutableMapping[str, Any], case_id: int) -> bool:
    """True when number and query code were given in this session."""
    of_projects = (case_id in one[1] for one in session.get(FOLLOWED_PROJECTS, []))
    return case_id in session.get(FOLLOWED, []) or any(of_projects)


def follow_project(session: MutableMapping[str, Any], project_id: int, case_ids: Iterable[int]) -> None:
    """Remember that number and query code of a project were given: whoever has them follows its matters too."""
    kept = [one for one in session.get(FOLLOWED_PROJECTS, []) if one[0] != project_id]
    session[FOLLOWED_PROJECTS] = [*kept, [project_id, sorted(case_ids)]][-MOST_FOLLOWED:]


def follows_project(session: MutableMapping[str, Any], project_id: int) -> bool:
    """True when number and query code of the project were given in this session."""
    return any(one[0] == project_id for one in session.get(FOLLOWED_PROJECTS, []))


def followed_case(request: HttpRequest, case_id: int) -> cases.Case:
    """The case, when its query code was given in this session. Raises `NotFound`."""
    if not follows(request.session, case_id):
        raise NotFound(_("请先输入编号和查询码。"))
    return cases.get(case_id)


def count_try(request: HttpRequest, what: str) -> None:
    """Count a wrong guess from this address. Raises `CannotTryAgain` beyond ten in ten minutes."""
    key = _try_key(request, what)
    if not cache.add(key, 1, WINDOW_SECONDS):
        cache.incr(key)


def may_try(request: HttpRequest, what: str) -> None:
    """Raises `CannotTryAgain` when too many wrong guesses came from this address lately."""
    if cache.get(_try_key(request, what), 0) >= TRIES:
        raise CannotTryAgain(_("输错次数太多。请10分钟后再试，或登录后在“我的办件”中查看，也可拨打12345。"))


def _try_key(request: HttpRequest, what: str) -> str:
    return f"hall.try.{what}.{address_of(request)}"


def readable_paper_case(request: HttpRequest, case_id: int) -> tuple[cases.Case, bool]:
    """The case whose paper is asked for, and whether an official asks. Raises `NotFound` for strangers."""
    user = request.user
    if follows(request.session, case_id):
        return cases.get(case_id), False
    if isinstance(user, AnonymousUser):
        raise NotFound(_("没有找到这份文书。请登录，或先用编号和查询码查询进度。"))
    if user.is_official:
        return cases.get_for_official(case_id, user, on=official_today()), True
    return cases.get_for_applicant(case_id, user, on=official_today()), False


def fitting(elements: MatterDocument, principals: Iterable[Principal]) -> list[Principal]:
    """Those among `principals` for whom the service exists (服务对象)."""
    people, bodies = "1" in elements.audiences, bool(set(elements.audiences) - {"1"})
    return [p for p in principals if (people if p.kind == "person" else bodies)]


def needs_township(elements: MatterDocument) -> bool:
    """True when officers of the applicant's township take part."""
    return any(step.role == "township_officer" for step in elements.flat_steps())
