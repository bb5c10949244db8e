"""Pages of the auditor, of the person concerned, and the public ends of the log for witnesses and verifiers."""

import base64
import json
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.security.audit import operations, queries, signing
from zhengtong.security.audit.forms import RangeForm, SearchForm
from zhengtong.security.audit.models import AuditEntry
from zhengtong.security.audit.notes import P256
from zhengtong.security.audit.receipts import Receipt
from zhengtong.security.audit.values import RECEIPTED

PAGE = 50
CHECKED_AT_ONCE = 20_000
MOST_COSIGNED = 4096


@access.requires("audit.view")
def search(request: HttpRequest) -> HttpResponse:
    """Search the chain by person, subject, action and time."""
    form = SearchForm(request.GET or None)
    page = Paginator(queries.entries(form.wanted()), PAGE).get_page(request.GET.get("page"))
    return render(request, "audit/search.html", {"form": form, "page": page, "rows": queries.worded(page)})


@access.requires("audit.view")
def trail(request: HttpRequest, subject: str) -> HttpResponse:
    """Everything that happened to one subject, in order."""
    page = Paginator(queries.trail(subject), PAGE).get_page(request.GET.get("page"))
    return render(request, "audit/trail.html", {"subject": subject, "page": page, "rows": queries.worded(page)})


@access.requires("audit.view")
def entry(request: HttpRequest, seq: int) -> HttpResponse:
    """One entry with its place in the chain."""
    found = queries.get_entry(seq)
    last = queries.last_checkpoint()
    context = {
        "row": queries.worded([found])[0],
        "entry": found,
        "verification": queries.verify(seq, seq),
        "proved": last is not None and last.size >= seq,
        "stamp": queries.stamp_over(seq),
    }
    return render(request, "audit/entry.html", context)


@access.requires("audit.view")
@require_safe
def proof(request: HttpRequest, seq: int) -> HttpResponse:
    """The proof of one entry, for the auditor."""
    return _proof_file(queries.get_entry(seq))


@access.requires("audit.view")
@require_safe
def stamped_proof(request: HttpRequest, seq: int) -> HttpResponse:
    """The proof of one entry under the first stamped checkpoint over it: with the two stamps it says since when it was there."""
    return _file(f"{seq}-stamped.tlog-proof", queries.stamped_receipt_of(queries.get_entry(seq)))


@access.requires("audit.view")
@never_cache
def verification(request: HttpRequest) -> HttpResponse:
    """Check a stretch of the chain; without a question, its newest part."""
    last = queries.last_seq()
    first = max(1, last - CHECKED_AT_ONCE + 1)
    form = RangeForm(request.GET or {"first": first, "last": max(last, 1)})
    found = queries.verify(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else None
    return render(request, "audit/verification.html", {"form": form, "found": found, "last": last})


@access.requires("audit.view")
@never_cache
def log(request: HttpRequest) -> HttpResponse:
    """The log: size, last checkpoint, witnesses, and whether what came since the last checkpoint is whole."""
    state = queries.log_state()
    found = queries.verify(max(1, state.signed - operations.CHECKPOINT_ENTRIES + 1))
    return render(request, "audit/log.html", {"state": state, "found": found, "keys": signing.log_keys()})


# --- the person concerned ---------------------------------------------------


@access.signed_in
@never_cache
def my_reads(request: HttpRequest) -> HttpResponse:
    """谁看过我的信息: every recorded read of one's own data, with office and purpose."""
    page = Paginator(queries.reads_about(request.user), PAGE).get_page(request.GET.get("page"))
    return render(request, "audit/my_reads.html", {"page": page, "reads": queries.read_rows(page)})


@access.signed_in
@require_safe
def my_proof(request: HttpRequest, seq: int) -> HttpResponse:
    """The proof that an entry about oneself stands in the log."""
    try:
        return _proof_file(queries.own_entry(request.user, seq))
    except queries.NotYet as refusal:
        messages.info(request, refusal.message)
        return redirect("audit:my_reads")


@access.signed_in
@never_cache
@require_safe
def receipts(request: HttpRequest, subject: str) -> HttpResponse:
    """凭证: for every milestone of one's case a proof as a file and as a QR code."""
    rows = []
    for found in queries.receipts_about(request.user, subject):
        try:
            receipt: Receipt | None = queries.receipt_of(found)
        except queries.NotYet:
            receipt = None
        qr = queries.qr_of(receipt) if receipt else ""
        rows.append({"entry": found, "label": queries.label_of(found.action), "receipt": receipt, "qr": qr})
    return render(request, "audit/receipts.html", {"subject": subject, "rows": rows})


@access.signed_in
@require_safe
def my_qr(request: HttpRequest, seq: int) -> HttpResponse:
    """The receipt of an entry about oneself as a QR code (PNG)."""
    import segno

    text = queries.qr_of(queries.receipt_of(queries.own_entry(request.user, seq)))
    if not text:
        raise NotFound(_("这份凭证没有二维码，请下载凭证文件保存。"))
    picture = BytesIO()
    segno.make(text, error="l", micro=False).save(picture, kind="png", scale=4, border=4)
    return HttpResponse(picture.getvalue(), content_type="image/png")


@access.public
@require_safe
def receipt_check(request: HttpRequest) -> HttpResponse:
    """A page that checks a receipt by itself, without network once it is loaded: the key it trusts is written in it."""
    keys = [key for key in signing.known_keys() if key.algorithm == P256]
    words = {name: queries.label_of(name) for name in sorted(RECEIPTED | {queries.READ})}
    trusted = [
        {"origin": key.name, "id": key.key_id.hex(), "spki": base64.b64encode(key.material).decode()} for key in keys
    ]
    return render(request, "audit/receipt_check.html", {"trusted": trusted, "actions": words})


def _proof_file(found: AuditEntry) -> HttpResponse:
    return _file(f"{found.seq}.tlog-proof", queries.receipt_of(found))


def _file(name: str, receipt: Receipt) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(True, name)}
    return HttpResponse(receipt.text(), content_type="text/plain; charset=utf-8", headers=headers)


# --- witnesses and mirrors --------------------------------------------------


@access.public
@never_cache
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint with its cosignatures (C2SP tlog-checkpoint)."""
    last = queries.last_checkpoint()
    if last is None:
        raise NotFound(_("日志还没有检查点，请稍后再取。"))
    return _text(queries.cosigned_note(last))


@access.public
@require_safe
def old_checkpoint(request: HttpRequest, size: int) -> HttpResponse:
    """A checkpoint as it was signed, byte for byte what its time stamps are over."""
    return _text(queries.get_checkpoint(size).note)


@access.public
@require_safe
def stamp(request: HttpRequest, size: int, algorithm: str) -> HttpResponse:
    """A time stamp of a checkpoint (RFC 3161, DER), for `openssl ts -verify -token_in`."""
    name = content_disposition_header(True, f"checkpoint-{size}-{algorithm}.tst")
    token = queries.token(size, algorithm)
    return HttpResponse(token, content_type="application/timestamped-data", headers={"Content-Disposition": name})


@access.public
@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The public keys of the log, one line each."""
    return _text("".join(f"{found.vkey}\n" for found in signing.log_keys()))


@access.public
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The notes by which old keys of the log vouch for newer ones, oldest first, as a JSON list."""
    return JsonResponse(signing.changes(), safe=False, json_dumps_params={"ensure_ascii": False})


@access.public
@require_safe
def consistency(request: HttpRequest, old: int, new: int) -> HttpResponse:
    """Proof that the log of `new` entries begins with that of `old`: base64 lines."""
    found = queries.consistency(old, new)
    return _text("".join(f"{base64.b64encode(part).decode()}\n" for part in found))


@access.public
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile of hashes (C2SP tlog-tiles): `<level>/<index>[.p/<width>]`, the index in groups of three digits."""
    level, index, width = _tile_name(path)
    return HttpResponse(queries.tile(level, index, width), content_type="application/octet-stream")


def _tile_name(path: str) -> tuple[int, int, int]:
    name, partial, tail = path.partition(".p/")
    level, *groups = name.split("/")
    width = tail if partial else "256"
    digits = [group.removeprefix("x") for group in groups]
    right = all(len(d) == 3 for d in digits) and [g[:1] == "x" for g in groups] == [True] * (len(groups) - 1) + [False]
    if (
        not groups
        or len(groups) > 6
        or not right
        or not all(t.isascii() and t.isdigit() for t in (level, width, *digits))
    ):
        raise NotFound(_("没有这个分片。"))
    if len(level) > 2 or len(width) > 3:
        raise NotFound(_("没有这个分片。"))
    return int(level), int("".join(digits)), int(width)


@csrf_exempt  # no session stands behind it: the signature of a registered witness does
@access.public
@require_POST
def cosign(request: HttpRequest) -> HttpResponse:
    """Take a witness's cosignature: JSON {"size": n, "line": "— name base64"}."""
    try:
        given: Any = json.loads(request.read(MOST_COSIGNED))
        size, line = int(given["size"]), str(given["line"])
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise Invalid(_("联署的格式不对。")) from error
    if not 0 < size < 2**62 or len(line) > 390:
        raise Invalid(_("联署的格式不对。"))
    operations.cosign(size=size, line=line, at=timezone.now())
    return _text("ok\n")


def _text(content: str) -> HttpResponse:
    return HttpResponse(content, content_type="text/plain; charset=utf-8")
