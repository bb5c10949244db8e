"""The editor of templates: page by page, checked in plain words, approved by a second person; running projects keep their version."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from tests.factories import make_officer
from zhengtong.approvals.greenway import linting
from zhengtong.approvals.greenway import public as greenway
from zhengtong.approvals.greenway.models import TemplateDraft, TemplateVersion
from zhengtong.approvals.greenway.operations import templates
from zhengtong.approvals.greenway.refusals import CannotChangeTemplate
from zhengtong.foundation.organizations import public as organizations

KEY = "open-a-shop"


@pytest.fixture
def editor(small_county):
    return small_county.matter_editor


@pytest.fixture
def office(small_county):
    return small_county.county_office


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def inputs(page: str) -> dict[str, object]:
    """What a browser would send back of the form of a page, unchanged."""
    found: dict[str, object] = {}
    form = page[page.index('name="rows"') - 200 :] if 'name="rows"' in page else page
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if not name or name[1] in ("csrfmiddlewaretoken", "q"):
            continue
        if 'type="checkbox"' in tag or 'type="radio"' in tag:
            if " checked" in tag:
                found.setdefault(name[1], [])
                found[name[1]].append(value[1] if value else "on")
        else:
            found[name[1]] = value[1] if value else ""
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', form):
        found[name] = inner.strip()
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', inner)
        found[name] = chosen[1] if chosen else ""
    return found


def test_from_a_draft_to_the_next_version(shop, signed_in, editor, office):
    browser = signed_in(editor)
    listed = browser.get(reverse("greenway:templates"))
    assert "开店一件事" in words(listed)
    begun = browser.post(reverse("greenway:template_revise", args=[KEY]))
    draft = TemplateDraft.objects.get()
    assert begun["Location"] == reverse("greenway:template_draft", args=[draft.pk])
    # Nothing changes by saving a page as it is.
    for section in ("basic", "questions", "all"):
        page = reverse("greenway:template_edit", args=[draft.pk, section])
        sent = inputs(browser.get(page).content.decode())
        assert browser.post(page, {**sent, "save": "1"}).status_code == 302, section
    draft.refresh_from_db()
    assert draft.plan == greenway.template(KEY).current.plan
    # Why it changes, a question, a matter with its condition and what it waits for, another limit.
    page = reverse("greenway:template_edit", args=[draft.pk, "basic"])
    sent = inputs(browser.get(page).content.decode())
    browser.post(page, {**sent, "reason": "县政务办〔2026〕5号", "save": "1"})
    page = reverse("greenway:template_edit", args=[draft.pk, "questions"])
    sent = inputs(browser.get(f"{page}?more=1").content.decode())
    asked = {"q1-key": "cooks", "q1-label": "现场加工吗", "q1-type": "choice", "q1-options": "yes | 加工\nno"}
    refused = browser.post(page, {**sent, **asked, "save": "1"})
    assert refused.status_code == 422
    assert "每行写“值 | 名称 | 英文”" in words(refused)
    asked["q1-options"] = "yes | 加工 | Yes\nno | 不加工 | No"
    assert browser.post(page, {**sent, **asked, "save": "1"}).status_code == 302
    page = reverse("greenway:template_edit", args=[draft.pk, "all"])
    sent = inputs(browser.get(page).content.decode())
    changed = {
        **sent,
        "limit_workdays": "9",
        "b2-condition": "cooks = 'yes'",
        "b2-prerequisites": ["front-licence"],
        "b0-place": "3",
        "back": "1",
    }
    assert browser.post(page, changed).status_code == 302
    stale = browser.post(page, changed)
    assert stale.status_code == 409
    assert "已被别人改过" in words(stale)
    told = words(browser.get(reverse("greenway:template_draft", args=[draft.pk])))
    for one in ("联合时限（工作日）", "现场加工吗", "没有决定任何事项"):
        assert one in told
    assert browser.post(reverse("greenway:template_draft", args=[draft.pk]), {"submit": "1"}).status_code == 302
    # Who edited it does not approve it; somebody else does, with the differences before their eyes.
    TemplateDraft.objects.update(editors=[office.pk])
    with pytest.raises(CannotChangeTemplate, match="参与过编辑"):
        templates.approve_draft(draft_id=draft.pk, by=office, at=shop.now)
    TemplateDraft.objects.update(editors=[editor.pk])
    here, approver = reverse("greenway:template_draft", args=[draft.pk]), signed_in(office)
    assert "同意并发布" in words(approver.get(here))
    assert approver.post(here, {"return": "1"}).status_code == 422
    approver.post(here, {"return": "1", "reason": "请补英文"})
    assert "请补英文" in words(signed_in(editor).get(here))
    signed_in(editor).post(here, {"submit": "1"})
    assert signed_in(office).post(here, {"approve": "1"}).status_code == 302
    version = greenway.template(KEY).current
    assert (version.number, version.edited_by, version.published_by) == (2, editor, office)
    assert not TemplateDraft.objects.exists()
    stage = version.plan.stages[0]
    assert stage.limit_workdays == 9
    assert [one.matter for one in stage.branches] == ["back-licence", "front-licence", "side-licence"]
    # What runs keeps the version it was begun with; its history says what changed and by whom.
    assert shop.project.template.number == 1
    assert shop.project.plan.stages[0].limit_workdays == 10
    history = words(signed_in(office).get(reverse("greenway:template", args=[KEY])))
    assert "县政务办〔2026〕5号" in history
    assert editor.display_name in history
    compared = words(signed_in(office).get(reverse("greenway:template_compare", args=[version.pk])))
    assert "9" in compared
    with pytest.raises(IntegrityError), transaction.atomic():
        TemplateVersion.objects.filter(pk=version.pk).update(published_by=editor)


def test_the_check_speaks_plainly_and_stops_what_is_wrong(shop, editor):
    draft = templates.begin_draft(key=KEY, by=editor, at=shop.now, reason="试")
    plan = draft.plan.model_dump()
    front, back, side = plan["stages"][0]["branches"]
    stage = plan["stages"][0] | {
        "limit_workdays": 60,
        "extension_workdays": 20,
        "choose_one": [("front-licence",)],
        "branches": [
            front | {"prerequisites": ("back-licence",)},
            back,
            side | {"condition": "crowd ="},
            {"matter": "nobody-knows", "department": "health"},
        ],
    }
    document = greenway.TemplateDocument.model_validate({**plan, "stages": [stage]})
    templates.edit_draft(draft_id=draft.pk, document=document, by=editor, at=shop.now)
    found = " ".join(finding.message for finding in linting.lint(document))
    for sentence in (
        "前置关系成环，谁也办不了：front许可→back许可→front许可",
        "没有事项“nobody-knows”",
        "超过了行政许可法第四十二条的45个工作日",
        "最多15个工作日",
        "“side许可”的条件读不懂",
        "只有“front许可”",
    ):
        assert sentence in found
    with pytest.raises(CannotChangeTemplate, match="改正后才能继续"):
        templates.submit_draft(draft_id=draft.pk, by=editor, at=shop.now)
    assert greenway.template(KEY).current.number == 1


def test_what_is_filled_in_once_is_chosen_from_what_two_matters_ask(shop, signed_in, editor, client):
    browser = signed_in(editor)
    browser.post(reverse("greenway:template_revise", args=[KEY]))
    draft = TemplateDraft.objects.get()
    page = reverse("greenway:template_edit", args=[draft.pk, "all"])
    here = reverse("greenway:template_draft", args=[draft.pk])
    shown = browser.get(page).content.decode()
    assert 'name="shared_fields" value="shop"' in re.sub(r"\s+", " ", shown)
    assert 'value="front_count"' not in shown, "only one matter asks it"
    sent = inputs(shown)
    for strange in ("nobody_asks", "front_count"):
        refused = browser.post(page, {**sent, "shared_fields": ["shop", strange], "save": "1"})
        assert refused.status_code == 422
        assert f"没有两个事项都问“{strange}”" in words(refused)
    draft.refresh_from_db()
    assert draft.plan.stages[0].shared_fields == ()
    assert browser.post(page, {**sent, "shared_fields": ["shop", "area"], "save": "1"}).status_code == 302
    draft.refresh_from_db()
    assert draft.plan.stages[0].shared_fields == ("shop", "area")
    told = words(browser.get(here))
    assert "只填一次的内容" in told
    assert "店名、面积" in told
    # A matter changed meanwhile, or a document came from elsewhere: the check says so, and stops it.
    plan = draft.plan.model_dump()
    plan["stages"][0]["shared_fields"] = ("shop", "gone", "front_count")
    strange = greenway.TemplateDocument.model_validate(plan)
    levels = {finding.message: finding.level for finding in linting.lint(strange) if "只填一次" in finding.message}
    assert [(level, "gone" in said) for said, level in levels.items()] == [("error", True), ("warning", False)]
    # In force, the guide tells the residents.
    greenway.publish_template(document=draft.plan, reason="试", by=None, at=shop.now)
    assert "只填一次、几个事项共用的内容：店名、面积" in words(client.get(reverse("greenway:guide", args=[KEY])))


def test_a_template_of_ones_own_with_stages_that_come_and_go(shop, signed_in, editor):
    browser = signed_in(editor)
    given = {"kind": "project", "name": "厂房项目", "key": "own-factory", "lead_department": "market-regulation"}
    assert browser.post(reverse("greenway:template_new"), {**given, "key": KEY}).status_code == 422
    here = browser.post(reverse("greenway:template_new"), given)["Location"]
    assert "还没有事项" in words(browser.get(here))
    browser.post(here, {"add-stage": "1"})
    draft = TemplateDraft.objects.get()
    assert [one.key for one in draft.plan.stages] == ["stage-1", "stage-2"]
    page = reverse("greenway:template_edit", args=[draft.pk, "stage-2"])
    sent = inputs(browser.get(f"{page}?more=1").content.decode())
    browser.post(page, {**sent, "b0-matter": "front-licence", "b0-role": "lead", "b0-level": "county", "save": "1"})
    browser.post(here, {"drop-stage": "stage-1"})
    draft.refresh_from_db()
    (stage,) = draft.plan.stages
    assert (stage.no, stage.key, stage.branches[0].department) == (1, "stage-2", "market-regulation")
    assert browser.get(reverse("greenway:template_edit", args=[draft.pk, "stage-1"])).status_code == 404
    browser.post(here, {"discard": "1"})
    assert not TemplateDraft.objects.exists()


def test_only_the_lead_and_the_county_office_touch_it(shop, signed_in, small_county):
    stranger = make_officer("health.editor", "唐编辑", "matter_editor", organizations.get_by_code("health"))
    refused = signed_in(stranger).post(reverse("greenway:template_revise", args=[KEY]))
    assert refused.status_code == 403
    assert not TemplateDraft.objects.exists()
    assert signed_in(small_county.case_officer).get(reverse("greenway:templates")).status_code in (403, 404)
