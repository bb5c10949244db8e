"""A draft on its way: which page comes next, what is kept, what the pages show."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import Form
from zhengtong.foundation.calendars.public import official_today
from zhengtong.foundation.files import public as files
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid, ZhengtongError
from zhengtong.portal.hall import casework, rules
from zhengtong.portal.hall.forms import StartForm
from zhengtong.security.accounts import public as accounts

KEPT_AS_TYPED = {"text", "textarea", "address", "phone", "resident_id", "uscc", "choice"}
"""Types whose unchecked text may be kept when somebody saves a page before it is right; the rest is asked again."""


# --- starting -----------------------------------------------------------------------------------------------------------


def start_form(matter: matters.Matter, user: Any, data: QueryDict | None) -> StartForm:
    """The form with those for whom `user` may apply, and the townships where one takes part."""
    assert matter.current is not None
    elements, today = matter.current.elements, official_today()
    principals = rules.fitting(elements, accounts.principals_of(user, today, matter.key))
    townships = Organization.objects.active(today).filter(kind=Organization.TOWNSHIP).order_by("path")
    return StartForm(
        data,
        principals=[(principal.key, _principal_label(principal)) for principal in principals],
        townships=[(body.code, body.label) for body in townships] if rules.needs_township(elements) else [],
    )


def _principal_label(principal: Any) -> str:
    capacity = {
        "self": _("本人"),
        "legal": _("我是法定代表人"),
        "manager": _("我是管理员"),
        "handler": _("我是经办人"),
        "agent": _("受委托代办"),
    }.get(principal.capacity, "")
    return f"{principal.name}（{capacity}，{principal.masked_id_number}）"


def open_draft(matter: matters.Matter, form: StartForm, *, by: Any, at: datetime) -> cases.Case:
    """Open the draft for the chosen principal. Raises `NotAllowed` for one that is not theirs."""
    key = form.cleaned_data["principal"]
    principal = accounts.require_principal(by, key, on=official_today(), matter_key=matter.key)
    code = form.cleaned_data.get("township")
    township = Organization.objects.filter(code=code).first() if code else None
    return cases.start_draft(matter=matter, principal=principal, by=by, at=at, township=township)


def draft_of(matter: matters.Matter, user: Any) -> cases.Case | None:
    """A draft of this service the person has begun before."""
    mine = casework.alone(cases.of_person(user, on=official_today()))
    return mine.filter(matter=matter, state=cases.State.DRAFT).first()


# --- the way through the pages ------------------------------------------------------------------------------------------


def first_url(case: cases.Case) -> str:
    """Where the application goes on; the case itself once it is submitted."""
    if case.state != cases.State.DRAFT:
        return reverse("hall:case", args=[case.pk])
    page = matters.first_unanswered(case.version.elements.form, case.answers, today=official_today())
    return reverse("hall:question", args=[case.pk, page.key]) if page else reverse("hall:materials", args=[case.pk])


def url_after(case: cases.Case, page_key: str) -> str:
    """The page after this one: questions, materials, then the check."""
    following = matters.next_page(case.version.elements.form, page_key, case.answers, today=official_today())
    if following:
        return reverse("hall:question", args=[case.pk, following.key])
    return reverse("hall:materials" if case.checklist.exists() else "hall:check", args=[case.pk])


def url_before(case: cases.Case, page_key: str) -> str:
    """The page before this one; the guide before the first."""
    previous = matters.previous_page(case.version.elements.form, page_key, case.answers, today=official_today())
    if previous:
        return reverse("hall:question", args=[case.pk, previous.key])
    return reverse("hall:start", args=[case.matter.key])


def last_question_url(case: cases.Case) -> str:
    """The last page of questions; back from the materials."""
    asked = matters.pages_for(case.version.elements.form, case.answers, today=official_today())
    if not asked:
        return reverse("hall:start", args=[case.matter.key])
    return reverse("hall:question", args=[case.pk, asked[-1].key])


def step_labels(case: cases.Case) -> list[str]:
    """The steps of the whole application, for the indicator."""
    asked = matters.pages_for(case.version.elements.form, case.answers, today=official_today())
    return [*(page.label for page in asked), _("上传材料"), _("核对并提交")]


def question_page(case: cases.Case, page_key: str, answers: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    """What a page of questions draws. Raises `NotFound` for a page the form does not have."""
    form, today = case.version.elements.form, official_today()
    page = matters.page(form, page_key)
    asked = matters.questions(form, page_key, answers=answers, errors=errors, today=today)
    keys = [one.key for one in matters.pages_for(form, answers, today=today)]
    return {
        "case": case,
        "page": page,
        "questions": asked,
        "errors": errors,
        "uploads": uploads(case, page),
        "multipart": any(question.kind == "file" for question in asked),
        "labels": step_labels(case),
        "current": keys.index(page_key) + 1 if page_key in keys else 1,
        "back_url": url_before(case, page_key),
    }


def uploads(case: cases.Case, page: matters.Page) -> list[files.Attachment]:
    """The files already given in answer to questions of the page."""
    marks = [mark for field in page.fields if field.type == "file" for mark in case.answers.get(field.key) or []]
    if not marks:
        return []
    kept = files.attachments_of(cases.ANSWER, case.pk)
    return [attachment for attachment in kept if str(attachment.public_id) in marks]


def file_answers(form: Form, page_key: str, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """The marks of the files given for the file questions of a page."""
    return {f.key: list(answers.get(f.key) or []) for f in matters.page(form, page_key).fields if f.type == "file"}


def keep_page(case: cases.Case, page_key: str, raw: QueryDict, uploaded: Any, *, by: Any, at: datetime) -> cases.Case:
    """Keep new files, check the answers of the page, keep them. Raises `Invalid` with a sentence per field."""
    form = case.version.elements.form
    marks = file_answers(form, page_key, case.answers)
    for key in marks:
        marks[key] = _keep_answer_files(case, key, marks[key], uploaded, by=by, at=at)
    answers = {**case.answers, **marks}
    cleaned = matters.validate_page(form, page_key, raw, today=official_today(), answers=answers, files=marks)
    return cases.save_answers(case_id=case.pk, answers=cleaned, by=by, at=at)


def _keep_answer_files(
    case: cases.Case, key: str, marks: list[str], uploaded: Any, *, by: Any, at: datetime
) -> list[str]:
    for upload in uploaded.getlist(key):
        try:
            marks = cases.add_answer_file(case_id=case.pk, field_key=key, upload=upload, by=by, at=at)
        except Invalid:
            raise
        except ZhengtongError as refusal:
            raise Invalid(refusal.message, fields={key: refusal.message}) from refusal
    return marks


def keep_unfinished(
    case: cases.Case, page_key: str, typed: Mapping[str, Any], refusal: Invalid, *, by: Any, at: datetime
) -> None:
    """Keep what may be kept of a page that is not right yet: it is checked again before anything is submitted."""
    form = case.version.elements.form
    fields = [f for f in matters.page(form, page_key).fields if f.type in KEPT_AS_TYPED and f.key not in refusal.fields]
    kept = {f.key: typed[f.key] for f in fields if isinstance(typed.get(f.key), str) and typed[f.key].strip()}
    if kept:
        cases.save_answers(case_id=case.pk, answers=kept, by=by, at=at)


# --- materials ----------------------------------------------------------------------------------------------------------


def materials_page(case: cases.Case, request: HttpRequest) -> dict[str, Any]:
    """The list of materials."""
    rows = casework.material_rows(case)
    labels = step_labels(case)
    return {
        "case": case,
        "to_give": [row for row in rows if not row.shared],
        "shared": [row for row in rows if row.shared],
        "missing": casework.missing_materials(rows),
        "labels": labels,
        "current": len(labels) - 1,
        "back_url": last_question_url(case),
        "here": request.build_absolute_uri(request.path),
    }


def material_page(case: cases.Case, item: Any, request: HttpRequest, errors: dict[str, str]) -> dict[str, Any]:
    """Uploads for one material, in a draft or against a notice."""
    notice = casework.open_notice(case)
    asked = [i for i in notice.items if i["material_no"] == item.material_no] if notice else []
    kept = asked[0]["files"] if asked else cases.files_of_materials(case).get(item.pk, [])
    elements = case.version.elements
    material = next((m for m in elements.materials if m.no == item.material_no), None)
    return {
        "case": case,
        "item": item,
        "material": material,
        "asked": asked[0] if asked else None,
        "kept": kept,
        "errors": errors,
        "back_url": after_upload(case),
        "here": request.build_absolute_uri(request.path),
    }


def keep_material(case: cases.Case, no: int, uploaded: list[Any], *, by: Any, at: datetime) -> int:
    """Keep the files; returns how many. Raises `Invalid` when none was chosen, else what `files` refuses."""
    if not uploaded:
        raise Invalid(_("请先选择文件，或用手机拍照。"), fields={"files": _("请先选择文件，或用手机拍照。")})
    for upload in uploaded:
        cases.add_material(case_id=case.pk, material_no=no, upload=upload, by=by, at=at)
    return len(uploaded)


def after_upload(case: cases.Case) -> str:
    """Back to the list the upload belongs to: the draft's, or the notice's."""
    if case.state == cases.State.DRAFT:
        return reverse("hall:materials", args=[case.pk])
    notice = casework.open_notice(case)
    if notice is None:
        return reverse("hall:case", args=[case.pk])
    return reverse("hall:review_supplement" if notice.notice.in_review else "hall:supplement", args=[case.pk])


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """The address a form asks to return to, when it is one of ours."""
    wanted = request.POST.get("next", "")
    fine = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted and fine else otherwise


# --- checking and submitting --------------------------------------------------------------------------------------------


def check_page(case: cases.Case, errors: dict[str, Any]) -> dict[str, Any]:
    """All answers in words with links to change them, the materials, the declaration."""
    today = official_today()
    form = case.version.elements.form
    sections = [
        {
            "title": section.title,
            "rows": [
                {"label": row.label, "value": row.value, "url": reverse("hall:question", args=[case.pk, section.key])}
                for row in section.rows
            ],
        }
        for section in matters.in_words(form, case.answers, today=today)
    ]
    rows = casework.material_rows(case)
    labels = step_labels(case)
    unanswered = matters.first_unanswered(form, case.answers, today=today)
    return {
        "case": case,
        "applicant": applicant_rows(case),
        "sections": sections,
        "materials": [{"label": r.name, "value": r.status, "url": r.url, "action": _("上传")} for r in rows],
        "missing": casework.missing_materials(rows),
        "unanswered": reverse("hall:question", args=[case.pk, unanswered.key]) if unanswered else "",
        "errors": errors,
        "labels": labels,
        "current": len(labels),
        "back_url": reverse("hall:materials", args=[case.pk]),
    }


def applicant_rows(case: cases.Case) -> list[tuple[str, Any]]:
    """Who applies, as they stand on the papers."""
    rows: list[tuple[str, Any]] = [(_("申请人"), case.applicant_name), (_("证件号码"), _masked(case))]
    if case.capacity == "agent":
        rows.append((_("代办人"), case.filed_by.display_name if case.filed_by else ""))
    if case.township:
        rows.append((_("所在乡镇（街道）"), case.township.label))
    return rows


def _masked(case: cases.Case) -> str:
    number = case.applicant_id_number
    if case.applicant_kind == "enterprise" or len(number) < 9:
        return number
    return number[:6] + "*" * (len(number) - 8) + number[-2:]


def declaration_errors(raw: Mapping[str, Any]) -> dict[str, str]:
    """The declaration must be made before submitting (行政许可法 第三十一条)."""
    return {} if raw.get("declaration") else {"declaration": _("请确认所填内容和材料真实、准确，再提交。")}


def is_submitted(case_id: int) -> bool:
    """True when the draft has become an application in the meantime."""
    return cases.get(case_id).state != cases.State.DRAFT


def problems(refusal: ZhengtongError) -> dict[str, Any]:
    """A refusal of the submission as sentences for the error summary; those of fields point to nothing on this page."""
    sentences = [str(text) for text in refusal.fields.values()] or [refusal.message]
    return {"": sentences}


def receipt_page(case: cases.Case, *, today: date) -> dict[str, Any]:
    """The confirmation after submitting."""
    page = casework.case_page(case, today=today)
    address = f"{settings.PUBLIC_URL}{reverse('hall:progress')}?number={case.spoken_number}"
    return {"case": case, "page": page, "progress_url": address}
