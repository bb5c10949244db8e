"""The catalogue's pages: who may open them, what they do, what they say when they refuse."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.approvals.matters.factories import AT, TODAY, document, official, organization
from zhengtong.approvals.matters import editing, elements, exchange
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.kernel import official_time
from zhengtong.security.accounts.models import User
from zhengtong.security.pmi import public as pmi

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def body():
    return organization(item_code_serial="24")


def official_with(role, body, name):
    user = official(name)
    pmi.grant_role(
        user=user, role=role, organization=body, by=None, at=AT, valid_from=min(TODAY, official_time.today())
    )
    return user


@pytest.fixture
def editor(client, body):
    user = official_with("matter_editor", body, "editor")
    client.force_login(user)
    return user


@pytest.fixture
def office(body):
    return official_with("county_office", body, "office")


@pytest.fixture
def published(body):
    return matters.publish_as_system(document=document(), at=AT)


@pytest.fixture
def draft(editor):
    return matters.create_draft(document=document(), by=editor, at=AT)


def as_posted(version, section_key, **changes):
    """What a browser would post for a section as it stands, with changes."""
    from zhengtong.approvals.matters import rows

    section = elements.section(section_key)
    sheets = rows.flatten(version.elements)
    data = {"seen": version.revision}
    for q in editing.inputs(section, sheets, {}):
        _put(data, q)
    for table in editing.tables(section, sheets, {}):
        for row in table.rows:
            for q in row.inputs:
                _put(data, q)
    return {**data, **changes}


def _put(data, q):
    if q.kind == "checkbox":
        if q.value:
            data[q.name] = "on"
    else:
        data[q.name] = q.value


class TestReading:
    def test_the_list_finds_filters_counts_and_pages(self, client, editor, published):
        matters.publish_as_system(document=document("second", 2, name="另一项许可"), at=AT)
        page = client.get("/catalogue/", {"q": "另一项"}).content.decode()
        assert "另一项许可" in page
        assert "测试许可" not in page
        assert "共1项" in page
        assert "没有符合条件的事项" in client.get("/catalogue/", {"q": "没有这个"}).content.decode()
        assert "共2项" in client.get("/catalogue/", {"standing": "in_force"}).content.decode()
        assert "共0项" in client.get("/catalogue/", {"standing": "submitted"}).content.decode()
        assert (
            "共2项"
            in client.get("/catalogue/", {"department": "market-regulation", "type_code": "01"}).content.decode()
        )

    def test_the_selection_is_exported(self, client, editor, published):
        response = client.get("/catalogue/", {"format": "json"})
        assert response["Content-Disposition"].startswith("attachment")
        assert exchange.from_json(response.content).documents == [document()]
        assert exchange.from_xlsx(client.get("/catalogue/", {"format": "xlsx"}).content).documents == [document()]

    def test_a_version_is_read_in_words_not_codes(self, client, editor, published):
        page = client.get("/catalogue/test-licence/", follow=True).content.decode()
        assert "行政许可" in page
        assert "自然人、企业法人" in page
        assert "没有发现问题" in page

    def test_differences_between_versions(self, client, editor, office, published):
        new = matters.create_draft(document=document(promised_workdays=5), by=editor, at=AT)
        page = client.get(f"/catalogue/versions/{new.pk}/compare/").content.decode()
        assert "<del>7</del>" in page
        assert "<ins>5</ins>" in page

    @pytest.mark.parametrize("address", ["/catalogue/", "/catalogue/new/", "/catalogue/waiting/", "/catalogue/import/"])
    def test_strangers_stay_outside(self, client, address):
        assert client.get(address).status_code == 302
        client.force_login(User.objects.create(username="resident", kind=User.RESIDENT, display_name="居民"))
        assert client.get(address).status_code == 403

    def test_what_is_not_there_is_404(self, client, editor):
        assert client.get("/catalogue/nothing/").status_code == 404
        assert client.get("/catalogue/versions/99/").status_code == 404


class TestEditing:
    def test_a_new_matter_begins_as_a_draft_with_everything_missing_named(self, client, editor):
        given = {"name": "新许可", "key": "new-licence", "department": "market-regulation", "type_code": "01"}
        response = client.post("/catalogue/new/", given)
        version = MatterVersion.objects.get()
        assert response.url == f"/catalogue/versions/{version.pk}/edit/basic/"
        page = client.get(f"/catalogue/versions/{version.pk}/").content.decode()
        assert "没有设定依据" in page
        assert client.post("/catalogue/new/", {**given, "key": "不行"}).status_code == 422

    @pytest.mark.parametrize("key", [section.key for section in elements.SECTIONS])
    def test_every_section_opens_and_saves_unchanged(self, client, draft, key):
        address = f"/catalogue/versions/{draft.pk}/edit/{key}/"
        page = client.get(address)
        assert page.status_code == 200
        response = client.post(address, as_posted(draft, key, save="1"))
        assert response.status_code == 302, re.findall(r"error-message.*?</p>", response.content.decode())
        draft.refresh_from_db()
        assert draft.elements == document()
        assert draft.revision == 1

    def test_a_change_is_saved_and_the_next_section_follows(self, client, draft):
        data = as_posted(draft, "law", promised="x", **{"s.promised_workdays": "5"}, next="1")
        response = client.post(f"/catalogue/versions/{draft.pk}/edit/law/", data)
        assert response.url == f"/catalogue/versions/{draft.pk}/edit/conditions/"
        draft.refresh_from_db()
        assert draft.elements.promised_workdays == 5

    def test_a_wrong_cell_keeps_what_was_typed_and_says_where(self, client, draft):
        data = as_posted(draft, "steps", **{"t.steps.0.workdays": "三天"})
        response = client.post(f"/catalogue/versions/{draft.pk}/edit/steps/", data)
        page = response.content.decode()
        assert response.status_code == 422
        assert 'href="#id_t.steps.0.workdays"' in page
        assert "“三天”不是整数" in page
        assert 'value="三天"' in page
        draft.refresh_from_db()
        assert draft.revision == 0

    def test_rows_come_go_and_move_without_being_saved(self, client, draft):
        address = f"/catalogue/versions/{draft.pk}/edit/materials/"
        page = client.post(address, as_posted(draft, "materials", add="materials")).content.decode()
        assert 'name="t.materials.4.name"' in page
        page = client.post(address, as_posted(draft, "materials", remove="materials.0")).content.decode()
        assert 'name="t.materials.3.name"' not in page
        page = client.post(address, as_posted(draft, "materials", up="materials.1")).content.decode()
        assert re.search(r'name="t.materials.0.name" value="营业执照"', page)
        draft.refresh_from_db()
        assert draft.revision == 0

    def test_a_stale_page_is_refused_with_409(self, client, editor, draft):
        data = as_posted(draft, "law")
        matters.edit_draft(version_id=draft.pk, document=document(promised_workdays=6), by=editor, at=AT)
        response = client.post(f"/catalogue/versions/{draft.pk}/edit/law/", data)
        assert response.status_code == 409
        assert "别人刚刚改过" in response.content.decode()

    def test_the_check_looks_at_what_is_not_saved_yet(self, client, draft):
        data = as_posted(draft, "law", **{"s.promised_workdays": "3"})
        page = client.post(f"/catalogue/versions/{draft.pk}/edit/law/check/", data).content.decode()
        assert "处错误" in page
        data = as_posted(draft, "steps", **{"t.steps.0.workdays": "30"})
        page = client.post(f"/catalogue/versions/{draft.pk}/edit/steps/check/", data).content.decode()
        assert "超过承诺时限" in page
        draft.refresh_from_db()
        assert draft.revision == 0

    def test_another_bodys_editor_is_refused(self, client, draft):
        client.force_login(official_with("matter_editor", organization("health"), "other"))
        assert client.get(f"/catalogue/versions/{draft.pk}/edit/law/").status_code == 403

    def test_a_published_version_is_not_edited_but_revised(self, client, editor, published):
        response = client.get(f"/catalogue/versions/{published.pk}/edit/law/")
        assert response.url == f"/catalogue/versions/{published.pk}/"
        response = client.post("/catalogue/test-licence/revise/")
        new = MatterVersion.objects.get(state="draft")
        assert response.url == f"/catalogue/versions/{new.pk}/edit/basic/"
        assert client.post("/catalogue/test-licence/revise/").url == response.url

    def test_submitting_and_discarding(self, client, editor, draft):
        client.post(f"/catalogue/versions/{draft.pk}/submit/")
        assert MatterVersion.objects.get().state == "submitted"
        page = client.post(f"/catalogue/versions/{draft.pk}/submit/", follow=True).content.decode()
        assert "不能再次提交" in page
        assert client.post(f"/catalogue/versions/{draft.pk}/discard/").status_code == 409
        assert client.get(f"/catalogue/versions/{draft.pk}/discard/").status_code == 405


class TestApproval:
    @pytest.fixture
    def submitted(self, client, editor, office, draft):
        matters.submit(version_id=draft.pk, by=editor, at=AT)
        client.force_login(office)
        return draft

    def test_the_office_sees_what_waits_and_publishes(self, client, submitted):
        assert "测试许可" in client.get("/catalogue/waiting/").content.decode()
        address = f"/catalogue/versions/{submitted.pk}/review/"
        assert "新事项的全部内容" in client.get(address).content.decode()
        assert client.post(address, {"approve": "1"}).status_code == 302
        assert Matter.objects.get().current_id == submitted.pk
        assert "没有等待审核的事项" in client.get("/catalogue/waiting/").content.decode()

    def test_returning_needs_a_reason(self, client, submitted):
        address = f"/catalogue/versions/{submitted.pk}/review/"
        response = client.post(address, {"return": "1", "reason": ""})
        assert response.status_code == 422
        assert "请写明退回的原因" in response.content.decode()
        client.post(address, {"return": "1", "reason": "补充平面图"})
        assert MatterVersion.objects.get().return_reason == "补充平面图"

    def test_retirement_asks_for_a_reason(self, client, office, published):
        client.force_login(office)
        assert client.post("/catalogue/test-licence/retire/", {"reason": ""}).status_code == 422
        assert client.post("/catalogue/test-licence/retire/", {"reason": "取消"}).status_code == 302
        assert Matter.objects.get().current is None


class TestImport:
    def upload(self, client, documents, name="a.json"):
        file = SimpleUploadedFile(name, exchange.to_json(documents))
        return client.post("/catalogue/import/", {"file": file})

    def test_upload_preview_confirm(self, client, editor):
        response = self.upload(client, [document()])
        assert "会做的改动" in client.get(response.url).content.decode()
        assert not Matter.objects.exists()
        assert client.post(response.url).status_code == 302
        assert MatterVersion.objects.get().state == "draft"
        assert client.post(response.url).status_code == 409

    def test_a_file_that_is_none_of_ours_is_refused_at_the_field(self, client, editor):
        response = client.post("/catalogue/import/", {"file": SimpleUploadedFile("a.txt", b"x")})
        assert response.status_code == 422
        assert "请上传从本系统导出的" in response.content.decode()

    def test_problems_stop_the_import_unless_skipped(self, client, editor):
        response = self.upload(client, [document(), document("other", 2, department="nowhere")])
        assert client.post(response.url).status_code == 409
        assert not Matter.objects.exists()
        assert client.post(response.url, {"skip": "1"}).status_code == 302
        assert Matter.objects.count() == 1
