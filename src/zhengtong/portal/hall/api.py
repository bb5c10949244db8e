"""The public JSON interface: matters, guides, progress by number and query code, verification. No account, no personal data."""

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AfterValidator

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel.errors import NotFound
from zhengtong.portal.hall import casework, guide, queries, rules
from zhengtong.security.signatures import public as signatures


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


NO_NUL = {"pattern": r"^[^\x00]*$"}
Text = Annotated[str, Field(max_length=100, json_schema_extra=NO_NUL), AfterValidator(_printable)]
router = Router(tags=["public"])


class Problem(Schema):
    """Why a request was refused; `message` is a sentence for a person."""

    error: str
    message: str
    fields: dict[str, str] = {}


class Asked(Schema):
    """Filters of the list of matters."""

    q: Text = Field("", description="plain words, pinyin or initials")
    audience: Literal["", "person", "legal"] = ""
    theme: Text = ""
    department: Text = ""
    type: Text = ""
    township: Text = ""
    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(0, ge=0, le=100000)


class MatterLine(Schema):
    """A matter in a list."""

    key: str
    name: str
    department: str
    department_name: str
    type: str
    audiences: list[str]
    themes: list[str]
    promised_workdays: int
    end_to_end_online: bool
    guidance_only: bool
    free: bool
    guide_url: str


class MatterList(Schema):
    """A page of matters; `approximate`: nothing matched exactly."""

    total: int
    approximate: bool
    matters: list[MatterLine]


class MaterialOut(Schema):
    """A material; `fetched_from` names the body from which the county fetches it, the applicant hands in nothing."""

    name: str
    copies: str
    need: str
    condition: str
    fetched_from: str


class StepOut(Schema):
    """One step; steps of one `group` run together."""

    group: int
    name: str
    who: str
    workdays: str


class GuideOut(Schema):
    """The guide of a matter in force."""

    key: str
    version: int
    name: str
    department: str
    implementation_code: str
    audiences: list[str]
    guidance_only: bool
    conditions: list[str]
    materials: list[MaterialOut]
    promised_workdays: int
    statutory_workdays: int | None
    acceptance_workdays: int
    free: bool
    fees: list[str]
    result: str
    steps: list[StepOut]
    legal_basis: list[str]
    remedies: str


class ProgressIn(Schema):
    """Number and query code as on the receipt; sent in the body so that the code stays out of logs."""

    number: Text
    code: Text


class ProgressStep(Schema):
    """One line of the history."""

    what: str
    at: datetime
    where: str
    detail: str


class ProgressOut(Schema):
    """Where a case stands, who acts next until when, and what happened; the applicant's name is masked."""

    number: str
    matter: str
    state: str
    status: str
    sentence: str
    next_actor: str
    next_action: str
    next_due_on: date | None
    due_on: date | None
    history: list[ProgressStep]


class VerificationOut(Schema):
    """What the county says of a paper or licence: state issued, valid, expired, superseded, revoked or cancelled."""

    number: str
    title: str
    organ: str
    holder: str
    issued_on: date
    valid_until: date | None
    state: str
    state_label: str
    matter: str
    signed: dict[str, Any] | None = Field(
        None,
        description="the same answer with the time it was given and detached signatures (JWS: ES256 and SM2SM3); "
        "null while the county's keys are not at hand; kept as a file it is checked at /verify/file/",
    )


@router.get("/matters", response={200: MatterList, 422: Problem}, summary="List and search matters")
def list_matters(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Matters in force, best match first."""
    wanted = queries.Wanted(asked.q, asked.audience, asked.theme, asked.department, asked.type, asked.township)
    found = queries.find_services(wanted)
    page = found.services[asked.offset : asked.offset + asked.limit]
    return {"total": len(found.services), "approximate": found.approximate, "matters": [_line(s) for s in page]}


def _line(service: queries.Service) -> dict[str, Any]:
    return {
        "key": service.key,
        "name": service.name,
        "department": service.department_code,
        "department_name": service.department,
        "type": service.type_code,
        "audiences": sorted(service.audiences),
        "themes": list(service.themes),
        "promised_workdays": service.promised_workdays,
        "end_to_end_online": service.end_to_end,
        "guidance_only": service.guidance_only,
        "free": service.free,
        "guide_url": matters.guide_url(service.key),
    }


@router.get("/matters/{key}", response={200: GuideOut, 404: Problem, 422: Problem}, summary="Guide of a matter")
def matter_guide(request: HttpRequest, key: Text) -> dict[str, Any]:
    """What it takes, how long, what it costs, on which law."""
    drawn = guide.guide_of(queries.get_matter(key), today=official_today())
    elements = drawn.elements
    return {
        "key": key,
        "version": drawn.version.number,
        "name": drawn.version.label,
        "department": drawn.department.label,
        "implementation_code": elements.implementation_code,
        "audiences": list(elements.audiences),
        "guidance_only": elements.guidance_only,
        "conditions": list(elements.conditions),
        "materials": [_material(line) for line in (*drawn.to_bring, *drawn.fetched)],
        "promised_workdays": elements.promised_workdays,
        "statutory_workdays": elements.statutory_limit.days,
        "acceptance_workdays": elements.acceptance_workdays,
        "free": not elements.fees.charged,
        "fees": [f"{name}：{rule}" for name, rule in drawn.fees],
        "result": elements.result.name,
        "steps": [
            {"group": n, "name": step["label"], "who": step["who"], "workdays": step["days"]}
            for n, group in enumerate(drawn.path, 1)
            for step in group["steps"]
        ],
        "legal_basis": drawn.laws,
        "remedies": elements.remedies,
    }


def _material(line: guide.MaterialLine) -> dict[str, str]:
    return {
        "name": line.name,
        "copies": line.copies,
        "need": str(line.need),
        "condition": line.condition,
        "fetched_from": line.shared_by,
    }


@router.post(
    "/progress",
    response={200: ProgressOut, 400: Problem, 404: Problem, 422: Problem, 429: Problem},
    summary="Progress by number and query code",
)
def progress(request: HttpRequest, given: ProgressIn) -> dict[str, Any]:
    """The same answer for every wrong pair; ten wrong ones in ten minutes close the door for a while."""
    rules.may_try(request, "progress")
    try:
        case = cases.by_query_code(given.number, given.code)
    except NotFound:
        rules.count_try(request, "progress")
        raise
    status, actor = casework.status_of(case), cases.next_actor(case)
    return {
        "number": case.spoken_number,
        "matter": case.version.label,
        "state": case.state,
        "status": status.label,
        "sentence": status.sentence,
        "next_actor": actor.who,
        "next_action": actor.what,
        "next_due_on": actor.due_on,
        "due_on": case.due_on,
        "history": [
            {"what": line.what, "at": line.at, "where": line.where, "detail": line.detail}
            for line in cases.history(case)
        ],
    }


@router.get(
    "/verification/{code}",
    response={200: VerificationOut, 404: Problem, 422: Problem, 429: Problem},
    summary="Verify a paper or a licence",
)
def verification(request: HttpRequest, code: Text) -> VerificationOut:
    """By the code under the QR code, or by licence number."""
    rules.may_try(request, "verify")
    try:
        answer = VerificationOut.from_orm(queries.verify_any(code))
    except NotFound:
        rules.count_try(request, "verify")
        raise
    now = official_now()
    said = answer.model_dump(mode="json", exclude={"signed"})
    with suppress(signatures.CannotSign):
        answer.signed = signatures.sign_json({**said, "answered_at": now.isoformat()}, at=now)
    return answer
