"""Tags and filters of the design system, built into every template: no `{% load %}` needed.

Each tag prepares the context of `templates/components/<name>.html`; the reference is docs/reference/design-system.md.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms, template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.utils import flatatt
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

register = template.Library()

SOON_WORKDAYS = 2
DISPLAY_PARAMETERS = ("ui", "contrast", "lang")


# --- words: dates, numbers, masking -------------------------------------------------------------------------------------


def _as_date(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value if isinstance(value, dt.date) else None


def _weekday(day: dt.date) -> str:
    return (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[day.weekday()]


def _month(day: dt.date) -> str:
    months = [_("1月"), _("2月"), _("3月"), _("4月"), _("5月"), _("6月")]
    months += [_("7月"), _("8月"), _("9月"), _("10月"), _("11月"), _("12月")]
    return months[day.month - 1]


def _spell(pattern: str, day: dt.date) -> str:
    return pattern.format(year=day.year, month_name=_month(day), day=day.day, weekday=_weekday(day))


@register.filter
def date_zh(value: Any) -> str:
    """2026年12月3日 周四; English: Thu 3 Dec 2026."""
    day = _as_date(value)
    return _spell(_("{year}年{month_name}{day}日 {weekday}"), day) if day else ""


@register.filter
def day_zh(value: Any) -> str:
    """2026年12月3日, without the weekday (papers, dates of birth)."""
    day = _as_date(value)
    return _spell(_("{year}年{month_name}{day}日"), day) if day else ""


@register.filter
def month_zh(value: Any) -> str:
    """12月; English: Dec."""
    day = _as_date(value)
    return _month(day) if day else ""


@register.filter
def time_zh(value: Any) -> str:
    """2026年12月3日 周四 09:12, in the county's time."""
    if not isinstance(value, dt.datetime):
        return date_zh(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{date_zh(value)} {local:%H:%M}"


@register.filter
def iso(value: Any) -> str:
    """Machine-readable form for `<time datetime>`."""
    if isinstance(value, dt.datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).isoformat(timespec="minutes")
    return value.isoformat() if isinstance(value, dt.date) else ""


@register.filter
def big_number(value: Any) -> str:
    """1,234 · 12.3万 · 4.5亿; in English all digits with commas."""
    number = float(value or 0)
    chinese = not (get_language() or "").startswith("en")
    for size, unit in ((1e8, "亿"), (1e4, "万")):
        if chinese and abs(number) >= size:
            return f"{number / size:.1f}".removesuffix(".0") + unit
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


@register.filter
def mask(value: Any, kind: str = "id") -> str:
    """Hide what a reader does not need: id 433221********123X, phone 138****1234, name 张*三, plain text keeps both ends."""
    text = str(value or "")
    if not text:
        return ""
    if kind == "name":
        return text[0] + "*" * max(len(text) - 2, 1) + (text[-1] if len(text) > 2 else "")
    head, tail = {"id": (6, 2), "phone": (3, 4)}.get(kind, (2, 2))
    if len(text) <= head + tail:
        return text[:1] + "*" * (len(text) - 1)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]


@register.filter
def file_size(value: Any) -> str:
    """12 KB, 3.4 MB."""
    size = float(value or 0)
    if size < 1024 * 1024:
        return f"{max(size / 1024, 0.1):.0f} KB" if size >= 1024 else f"{size:.0f} B"
    return f"{size / 1024 / 1024:.1f} MB"


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The present address's query with some values changed (None removes): `<a href="{% query page=2 %}">`."""
    request = context.get("request")
    params = request.GET.copy() if request is not None else None
    if params is None:
        return "?"
    for name in DISPLAY_PARAMETERS:
        params.pop(name, None)
    for name, value in changes.items():
        if value is None or value == "":
            params.pop(name, None)
        else:
            params[name] = str(value)
    return "?" + params.urlencode()


# --- navigation ---------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/breadcrumb.html")
def breadcrumb(*parts: Any) -> dict[str, Any]:
    """`{% breadcrumb _("办事服务") url title %}`: label, address, label, address, …; the last label is this page. Home comes first."""
    labels, urls = parts[::2], parts[1::2]
    return {"links": list(zip(labels, urls, strict=False)), "here": labels[-1] if len(parts) % 2 else ""}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Any, name: str = "page") -> dict[str, Any]:
    """Pages of a Django `Page`, keeping the other query values."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1) if page else []
    links = [(n, query(context, **{name: n}) if isinstance(n, int) else "") for n in numbers]
    previous = query(context, **{name: page.number - 1}) if page and page.has_previous() else ""
    following = query(context, **{name: page.number + 1}) if page and page.has_next() else ""
    return {"page": page, "links": links, "previous": previous, "following": following}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Any], label: str = "") -> dict[str, Any]:
    """Tabs that are links: items are dicts with label, url, current, count (None: no count)."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/search_box.html", takes_context=True)
def search_box(
    context: Context, value: str = "", placeholder: str = "", action: str = "", size: str = "", name: str = "q"
) -> dict[str, Any]:
    """A GET search form; `size="large"` on start pages. Without `action` it is the site search."""
    request = context.get("request")
    return {
        "value": value or (request.GET.get(name, "") if request is not None else ""),
        "placeholder": placeholder,
        "action": action or context.get("search_url", "/search/"),
        "size": size,
        "name": name,
    }


@register.inclusion_tag("components/facet.html", takes_context=True)
def facet(context: Context, title: str, name: str, options: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A filter as links with counts: options are dicts with value, label, count; the chosen one can be taken off."""
    request = context.get("request")
    chosen = request.GET.get(name, "") if request is not None else ""
    rows = []
    for option in options:
        is_chosen = str(option["value"]) == chosen
        url = query(context, **{name: None if is_chosen else option["value"], "page": None})
        rows.append({**option, "url": url, "chosen": is_chosen})
    return {"title": title, "rows": rows, "everything": query(context, **{name: None, "page": None}), "chosen": chosen}


@register.inclusion_tag("components/search_result.html")
def search_result(title: Any, url: str, text: Any = "", kind: Any = "", meta: Any = "") -> dict[str, Any]:
    """One hit: title as link, kind as tag, a sentence, a line of facts."""
    return {"title": title, "url": url, "text": text, "kind": kind, "meta": meta}


@register.inclusion_tag("components/task_card.html")
def task_card(title: Any, url: str, text: Any = "", note: Any = "", icon: str = "") -> dict[str, Any]:
    """A tile that leads somewhere; `icon` is one of templates/components/icon.html."""
    return {"title": title, "url": url, "text": text, "note": note, "icon": icon}


@register.inclusion_tag("components/icon.html")
def icon(name: str) -> dict[str, Any]:
    """A decorative line icon (hidden from screen readers): search, person, building, shop, home, heart, car, doc, clock, …"""
    return {"name": name}


@register.simple_tag(takes_context=True)
def may(context: Context, permission: str) -> bool:
    """Whether the reader holds a permission somewhere: `{% may "calendars.manage" as manages %}` to show or leave out a link."""
    from zhengtong.foundation.calendars.public import official_today
    from zhengtong.security.pmi import public as pmi

    return pmi.can(getattr(context.get("request"), "user", None), permission, on=official_today())


# --- status -------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/tag.html")
def tag(text: Any, tone: str = "") -> dict[str, Any]:
    """A short status word; tones info, ok, soon, overdue, paused, or none (grey)."""
    return {"text": text, "tone": tone}


def due_words(
    due_on: dt.date | None, remaining: int | None, *, paused: bool = False, done: bool = False
) -> tuple[str, str]:
    """(sentence, tone) of a deadline: tones ok, soon, overdue, paused, done."""
    if paused or due_on is None:
        return _("计时暂停，恢复后重新计算最迟日期"), "paused"
    day = _spell(_("最迟{year}年{month_name}{day}日（{weekday}）"), due_on)
    if done or remaining is None:
        return day, "done" if done else "ok"
    if remaining < 0:
        left = ngettext("已超期{n}个工作日", "已超期{n}个工作日", -remaining).format(n=-remaining)
        return f"{day} · {left}", "overdue"
    if remaining == 0:
        return f"{day} · {_('今天到期')}", "soon"
    left = ngettext("还有{n}个工作日", "还有{n}个工作日", remaining).format(n=remaining)
    return f"{day} · {left}", "soon" if remaining <= SOON_WORKDAYS else "ok"


@register.inclusion_tag("components/due_badge.html")
def due_badge(
    due_on: dt.date | None, remaining: int | None = None, paused: bool = False, done: bool = False
) -> dict[str, Any]:
    """A deadline in words: date with year and weekday, working days left; sign and word, never colour only."""
    text, tone = due_words(due_on, remaining, paused=paused, done=done)
    day, _separator, left = text.partition(" · ")
    return {"day": day, "left": left, "tone": tone, "due_on": None if paused else due_on}


@register.inclusion_tag("components/validity.html")
def validity(state: str, until: Any = None) -> dict[str, Any]:
    """Whether a paper holds: state valid, expired, revoked, unknown."""
    words = {"valid": (_("有效"), "ok"), "expired": (_("已过期"), "soon"), "revoked": (_("已失效"), "overdue")}
    text, tone = words.get(state, (_("无法确认"), "paused"))
    return {"text": text, "tone": tone, "until": until}


@register.inclusion_tag("components/notification.html")
def notification(text: Any, tone: str = "info", title: Any = "") -> dict[str, Any]:
    """A message inside the page; tones info, ok, soon, overdue. Errors of a form belong into `error_summary`."""
    return {"text": text, "tone": tone, "title": title}


@register.inclusion_tag("components/empty.html")
def empty(sentence: Any, url: str = "", label: Any = "") -> dict[str, Any]:
    """What to say where a list has nothing, and where to go next."""
    return {"sentence": sentence, "url": url, "label": label}


@register.inclusion_tag("components/stat.html")
def stat(value: Any, label: Any, note: Any = "", tone: str = "", url: str = "") -> dict[str, Any]:
    """A figure with its words, for a desk or a board; wrap several in `<div class="stats">`."""
    return {"value": value, "label": label, "note": note, "tone": tone, "url": url}


@register.inclusion_tag("components/confirmation.html")
def confirmation(title: Any, number: Any = "", number_label: Any = "", text: Any = "") -> dict[str, Any]:
    """The green panel after something was done: what, its number, what happens next."""
    return {"title": title, "number": number, "number_label": number_label or _("办件编号"), "text": text}


@register.inclusion_tag("components/stars.html")
def stars(value: int, out_of: int = 5) -> dict[str, Any]:
    """A given rating: stars and words."""
    return {"value": value, "filled": range(value), "open": range(out_of - value), "out_of": out_of}


# --- facts --------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/summary_list.html")
def summary_list(rows: Iterable[Any], compact: bool = False) -> dict[str, Any]:
    """Facts as pairs: rows are (label, value) or dicts with label, value, url, action (change link), hint."""
    shown = [row if isinstance(row, Mapping) else {"label": row[0], "value": row[1]} for row in rows]
    return {"rows": shown, "compact": compact}


@register.inclusion_tag("components/timeline.html")
def timeline(entries: Iterable[Any]) -> dict[str, Any]:
    """What happened and what comes: entries with at, title, text, actor, state (done, current, todo, problem), url, action."""
    return {"entries": entries}


@register.inclusion_tag("components/steps.html")
def steps(labels: Iterable[Any], current: int) -> dict[str, Any]:
    """Where one is in a form of several pages; `current` counts from 1."""
    names = list(labels)
    rows = [
        (n, label, "done" if n < current else "current" if n == current else "todo") for n, label in enumerate(names, 1)
    ]
    here = names[current - 1] if 0 < current <= len(names) else ""
    return {"rows": rows, "current": current, "total": len(names), "here": here}


@register.inclusion_tag("components/task_list.html")
def task_list(rows: Iterable[Any]) -> dict[str, Any]:
    """Things to complete in any order: rows are dicts with label, url, status, tone, hint."""
    return {"rows": rows}


@register.inclusion_tag("components/case_path.html")
def case_path(groups: Iterable[Any]) -> dict[str, Any]:
    """The way of a case, drawn: groups are dicts with mode (single, parallel), label, steps; steps have label, who, state, note."""
    return {"groups": groups}


@register.inclusion_tag("components/attachment.html")
def attachment(name: Any, url: str, size: Any = None, kind: str = "", note: Any = "") -> dict[str, Any]:
    """A file to download, with its type and size."""
    suffix = str(name).rpartition(".")[2].upper() if "." in str(name) else ""
    return {"name": name, "url": url, "size": size, "kind": kind or suffix, "note": note}


@register.inclusion_tag("components/bars.html")
def bars(rows: Iterable[Any], caption: str, unit: str = "") -> dict[str, Any]:
    """A bar figure with its table: rows are (label, number) or dicts with label, value, note, tone."""
    shown = [dict(row) if isinstance(row, Mapping) else {"label": row[0], "value": row[1]} for row in rows]
    top = max((float(row["value"]) for row in shown), default=0) or 1
    for row in shown:
        row["width"] = f"{float(row['value']) / top * 100:.1f}"
    return {"rows": shown, "caption": caption, "unit": unit}


@register.simple_tag
def qr(text: str, label: str = "") -> SafeString:
    """A QR code as inline SVG."""
    import segno

    code = segno.make(str(text), error="m", micro=False)
    side = len(code.matrix) + 8
    path = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="{}"><rect width="100%" height="100%" fill="#fff"/>'
        '<path fill="#000" d="{}"/></svg>',
        side,
        side,
        label or _("二维码"),
        path,
    )


# Names that a calendar document gives to days; drawn with {% translate %} of a variable, so collected here.
HOLIDAYS = (
    gettext_noop("元旦"),
    gettext_noop("春节"),
    gettext_noop("清明节"),
    gettext_noop("劳动节"),
    gettext_noop("端午节"),
    gettext_noop("中秋节"),
    gettext_noop("国庆节"),
)

# --- the clock ----------------------------------------------------------------------------------------------------------

CELL_KINDS = {
    "start": "start",
    "workday": "counts",
    "makeup": "counts",
    "holiday": "holiday",
    "weekend": "weekend",
    "pause": "pause",
}


def _cell(row: Any, *, due: dt.date | None, today: dt.date | None) -> dict[str, Any]:
    return {
        "day": row.day,
        "number": row.number if row.counts else "",
        "counts": row.counts,
        "why": row.why,
        "basis": row.basis,
        "kind": CELL_KINDS.get(row.kind, row.kind),
        "makeup": row.kind == "makeup",
        "due": row.day == due,
        "today": row.day == today,
        "future": today is not None and row.day > today,
        "month": _month(row.day),
        "first": row.day.day == 1,
    }


@register.inclusion_tag("components/clock_strip.html")
def clock_strip(ledger: Any, today: dt.date | None = None, caption: Any = "") -> dict[str, Any]:
    """The clock's ledger (`kernel.legal_clock.Ledger`) as a calendar: one row a week, each day its number or its reason."""
    weeks: list[list[dict[str, Any] | None]] = []
    for row in ledger.days:
        if not weeks or row.day.weekday() == 0:
            weeks.append([None] * (row.day.weekday() if not weeks else 0))
        cell = _cell(row, due=ledger.due, today=today)
        cell["first"] = cell["first"] or row is ledger.days[0]
        weeks[-1].append(cell)
    if weeks:
        weeks[-1] += [None] * (7 - len(weeks[-1]))
    kinds = {row.kind for row in ledger.days}
    return {
        "ledger": ledger,
        "weeks": weeks,
        "weekdays": [_weekday(dt.date(2024, 1, n)) for n in range(1, 8)],
        "caption": caption,
        "today": today,
        "legend": {
            "pause": "pause" in kinds,
            "holiday": "holiday" in kinds,
            "makeup": "makeup" in kinds,
            "weekend": "weekend" in kinds,
        },
        "total": ledger.budget.total,
        "counted": sum(1 for row in ledger.days if row.counts),
    }


# --- forms --------------------------------------------------------------------------------------------------------------

KIND_OF_WIDGET: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, "hidden"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radios"),
    (forms.SelectMultiple, "select"),
    (forms.Select, "select"),
    (forms.Textarea, "textarea"),
    (forms.CheckboxInput, "checkbox"),
    (forms.FileInput, "file"),
    (forms.DateTimeInput, "datetime-local"),
    (forms.DateInput, "date"),
    (forms.TimeInput, "time"),
    (forms.NumberInput, "number"),
    (forms.EmailInput, "email"),
    (forms.URLInput, "url"),
    (forms.PasswordInput, "password"),
    (forms.TextInput, "text"),
)
GROUPS = ("radios", "checkboxes")
CHOSEN = (forms.Select, forms.RadioSelect, forms.CheckboxInput, forms.CheckboxSelectMultiple, forms.FileInput)


def _required() -> str:
    """Django's own sentence, which an app has replaced when it differs."""
    return str(forms.Field.default_error_messages["required"])


def _kind(widget: forms.Widget) -> str:
    found = next((kind for cls, kind in KIND_OF_WIDGET if isinstance(widget, cls)), "other")
    given = getattr(widget, "input_type", "")
    return given if found == "text" and given in ("tel", "search", "date") else found


def _options(bound: forms.BoundField) -> list[dict[str, Any]]:
    value = bound.value()
    chosen = {str(v) for v in value} if isinstance(value, list | tuple) else {"" if value is None else str(value)}
    rows: list[dict[str, Any]] = []
    for key, label in getattr(bound.field, "choices", []):
        pairs = label if isinstance(label, list | tuple) else [(key, label)]
        rows += [{"value": str(k), "label": text, "chosen": str("" if k is None else k) in chosen} for k, text in pairs]
    return rows


def _sentences(form: forms.BaseForm, name: str) -> list[str]:
    """The errors of a field; "this field is required" names the field, so that the summary can be read by itself."""
    data = form.errors.as_data() if form.is_bound else {}
    asked = form.fields.get(name)
    pattern = _("请选择：{label}") if asked and isinstance(asked.widget, CHOSEN) else _("请填写：{label}")
    words: list[str] = []
    for error in data.get(name, []):
        if error.code == "required" and asked is not None and str(asked.error_messages["required"]) == _required():
            words.append(pattern.format(label=asked.label or name))
        else:
            words += [str(message) for message in error.messages]
    return words


def _from_bound(bound: forms.BoundField) -> dict[str, Any]:
    widget, kind = bound.field.widget, _kind(bound.field.widget)
    value = bound.value()
    if kind in ("date", "datetime-local", "time") and value is not None and not isinstance(value, str):
        value = value.isoformat(timespec="minutes") if isinstance(value, dt.datetime | dt.time) else value.isoformat()
    attrs = {**widget.attrs, **bound.field.widget_attrs(widget)}
    return {
        "name": bound.html_name,
        "id": bound.id_for_label if kind not in GROUPS and bound.id_for_label else f"id_{bound.html_name}",
        "kind": kind,
        "label": bound.label,
        "hint": bound.help_text,
        "errors": _sentences(bound.form, bound.name),
        "required": bound.field.required,
        "value": "" if value is None or kind == "file" else value,
        "checked": kind == "checkbox" and bool(value),
        "options": _options(bound) if kind in (*GROUPS, "select") else [],
        "multiple": getattr(widget, "allow_multiple_selected", False),
        "attrs": {k: v for k, v in attrs.items() if k not in ("id", "required", "class")},
        "widget": bound if kind == "other" else None,
    }


def _from_plain(given: dict[str, Any]) -> dict[str, Any]:
    name, value, errors = given["name"], given.pop("value", ""), given.pop("error", "") or given.pop("errors", [])
    chosen = {str(v) for v in value} if isinstance(value, list | tuple | set) else {str("" if value is None else value)}
    options = []
    for option in given.pop("options", None) or []:
        row = dict(option) if isinstance(option, Mapping) else {"value": option[0], "label": option[1]}
        options.append({**row, "chosen": str(row["value"]) in chosen})
    known = (
        "name",
        "label",
        "hint",
        "kind",
        "required",
        "id",
        "multiple",
        "width",
        "heading",
        "prefix",
        "suffix",
        "optional",
        "note",
    )
    attrs = {k.replace("_", "-"): v for k, v in given.items() if k not in known}
    return {
        "label": given.get("label", ""),
        "hint": given.get("hint", ""),
        "kind": given.get("kind", "text"),
        "required": given.get("required", True),
        "id": given.get("id") or f"id_{name}",
        "name": name,
        "multiple": given.get("multiple", False),
        "value": "" if value is None else value,
        "checked": given.get("kind") == "checkbox" and value in (True, "on", "true", "1", 1),
        "errors": [errors] if isinstance(errors, str) and errors else list(errors or []),
        "options": options,
        "attrs": attrs,
        "widget": None,
    }


@register.inclusion_tag("components/field.html")
def field(bound: Any = None, **given: Any) -> dict[str, Any]:
    """One question with label, hint, error and control.

    `{% field form.phone %}` or, without a Django form, `{% field name="phone" label=… kind="tel" value=… error=… options=… %}`.
    Both take `heading=True` (the label is the page's h1), `width` (2, 4, 5, 10, 20 characters), `prefix`, `suffix`, `note`.
    """
    looks = {k: given.get(k, "") for k in ("width", "heading", "prefix", "suffix", "note")}
    context = _from_plain(given) if bound is None or bound == "" else _from_bound(bound)
    if isinstance(bound, forms.BoundField):
        context.update({k: given[k] for k in ("label", "hint") if k in given})
    ids = [f"{context['id']}-hint"] if context["hint"] else []
    ids += [f"{context['id']}-error"] if context["errors"] else []
    attrs = context["attrs"]
    context["limit"] = attrs.get("maxlength") if context["kind"] == "textarea" else None
    if context["kind"] == "textarea":
        attrs.pop("cols", None)
        attrs["rows"] = 5 if str(attrs.get("rows", "10")) == "10" else attrs["rows"]  # Django's default is 10
    described = {"aria-describedby": " ".join(ids) or None, "aria-invalid": "true" if context["errors"] else None}
    attrs = {k: v for k, v in {**attrs, **described}.items() if v is not None and v is not False}
    return {**context, **looks, "described": described["aria-describedby"], "attributes": mark_safe(flatatt(attrs))}  # noqa: S308


@register.inclusion_tag("components/fields.html")
def fields(form: Any) -> dict[str, Any]:
    """Every field of a Django form, hidden ones included."""
    return {"form": form}


def _anchors(errors: Mapping[str, Any], prefix: str = "id_") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, messages in errors.items():
        anchor = "" if key in (NON_FIELD_ERRORS, "") else f"#{prefix}{key}"
        texts = [messages] if isinstance(messages, str) or not isinstance(messages, Iterable) else messages
        pairs += [(anchor, str(text)) for text in texts]
    return pairs


@register.inclusion_tag("components/error_summary.html")
def error_summary(*sources: Any) -> dict[str, Any]:
    """What must be mended before going on, each line a link to its field; sources are forms or dicts of key → sentence(s)."""
    pairs: list[tuple[str, str]] = []
    for source in sources:
        if isinstance(source, forms.BaseForm):
            named = {
                key if key == NON_FIELD_ERRORS else source.add_prefix(key): _sentences(source, key)
                for key in source.errors
            }
            pairs += _anchors(named)
        elif isinstance(source, Mapping):
            pairs += _anchors(source)
        elif source:
            pairs += [("", str(text)) for text in ([source] if isinstance(source, str) else source)]
    return {"pairs": pairs}


@register.inclusion_tag("components/rating.html")
def rating(name: str = "stars", value: Any = "", error: Any = "", label: Any = "") -> dict[str, Any]:
    """Five answers from 非常满意 to 非常不满意 as radio buttons; the value posted is the number of stars (5 = 非常满意)."""
    words = [(5, _("非常满意")), (4, _("满意")), (3, _("基本满意")), (2, _("不满意")), (1, _("非常不满意"))]
    rows = [(n, text, range(n), str(n) == str(value)) for n, text in words]
    return {"name": name, "rows": rows, "error": error, "label": label or _("您对这次办事满意吗？")}
