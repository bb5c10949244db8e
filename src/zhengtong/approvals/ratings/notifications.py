"""What the person who rated is written: the link to rate by, that the department answered, that it wants the rating set aside, what was decided."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.ratings.models import Rating, WorkOrder
from zhengtong.foundation.notices import public as notices

TEMPLATES: dict[str, tuple[str, str]] = {
    "rating.invite": (
        gettext_noop("请评价：{matter}"),
        gettext_noop("编号{number}的办理已结束。办得怎么样，请点链接评价，不用登录：{link} 链接只能用一次。"),
    ),
    "rating.replied": (
        gettext_noop("您的评价有了答复"),
        gettext_noop("您反映的问题已整改并答复，请点链接查看，并再评价一次：{link} 链接只能用一次。"),
    ),
    "rating.disputed": (
        gettext_noop("部门对您的评价有不同意见"),
        gettext_noop("部门申请认定您的评价不成立。您有异议的，请在{due}前点链接写明：{link}"),
    ),
    "rating.ruled": (
        gettext_noop("对您的评价已有认定"),
        gettext_noop("县政务办已对部门的申请作出认定，您的评价仍然保留在案。结果和理由请登录查看，或拨打12345。"),
    ),
}


def register() -> None:
    """Hand the templates to the notices app."""
    for key, (subject, body) in TEMPLATES.items():
        notices.register_template(key, subject=subject, body=body, sms=body)


def _link(token: str) -> str:
    return f"{settings.PUBLIC_URL}/rate/{token}/"


def _send(key: str, people: set[int], phone: str, *, at: datetime, token: str, subject: str, **params: Any) -> bool:
    """To every account, or where there is none to the telephone. False when nobody can be reached."""
    url = f"/rate/{token}/" if token else ""
    common: dict[str, Any] = {"template": key, "at": at, "subject": subject}
    words = {**params, "link": _link(token)} if token else params
    for user_id in sorted(people):
        notices.send(**common, to_user_id=user_id, url=url, params=words)
    if not people and phone:
        notices.send(**common, phone=phone, params=words)
    return bool(people or phone)


def _of_case(case: Case) -> set[int]:
    return {user.pk for user in (case.applicant_user, case.filed_by) if user and not user.is_official}


def tell_case(key: str, case: Case, *, at: datetime, token: str) -> bool:
    """Write to the applicant's side of a case."""
    matter = {"zh": case.version.name, "en": case.version.name_en or case.version.name}
    return _send(
        key,
        _of_case(case),
        case.applicant_phone,
        at=at,
        token=token,
        subject=f"case:{case.pk}",
        matter=matter,
        number=case.spoken_number or "",
    )


def tell_rater(
    key: str, rating: Rating, order: WorkOrder | None, *, at: datetime, token: str = "", **params: Any
) -> bool:
    """Write to whoever rated: the account, else the applicant's side, else the number that was left. False: nobody can be reached."""
    people: set[int] = {rating.rated_by_id} if rating.rated_by_id else set()
    phone = order.phone if order else ""
    if not people and rating.case is not None and not phone:
        people, phone = _of_case(rating.case), rating.case.applicant_phone
    return _send(key, people, phone, at=at, token=token, subject=rating.subject, **params)
