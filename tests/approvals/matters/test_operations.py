"""The life of a version: draft, submission, return, publication by another person, retirement."""

import pytest
from django.db import IntegrityError, transaction

from tests.approvals.matters.factories import AT, TODAY, document, official, organization, raw_document
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.approvals.matters.refusals import (
    CannotChangePublished,
    CannotEditMatter,
    CannotPublishMatter,
    CannotRetireMatter,
)
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound, StaleVersion
from zhengtong.security.pmi import public as pmi

pytestmark = pytest.mark.django_db


@pytest.fixture
def body():
    return organization()


@pytest.fixture
def editor(body):
    user = official("editor")
    pmi.grant_role(user=user, role="matter_editor", organization=body, by=None, at=AT, valid_from=TODAY)
    return user


@pytest.fixture
def office(body):
    user = official("office")
    pmi.grant_role(user=user, role="county_office", organization=body, by=None, at=AT, valid_from=TODAY)
    return user


def facts():
    return [
        name.removeprefix("matters.")
        for name in OutboxEvent.objects.order_by("id").values_list("name", flat=True)
        if name.startswith("matters.")
    ]


def test_from_draft_to_publication(editor, office):
    draft = matters.create_draft(document=document(), by=editor, at=AT, reason="新事项")
    matters.submit(version_id=draft.pk, by=editor, at=AT)
    published = matters.approve_and_publish(version_id=draft.pk, by=office, at=AT)
    matter = matters.get_matter("test-licence")
    assert matter.current == published
    assert (published.state, published.number, published.decided_by, published.published_at) == (
        "published",
        1,
        office,
        AT,
    )
    assert facts() == ["MatterDrafted", "MatterSubmitted", "MatterPublished"]


def test_a_new_version_replaces_the_old_and_the_old_stays_readable(editor, office):
    first = matters.publish_as_system(document=document(), at=AT)
    second = matters.create_draft(document=document(promised_workdays=6), by=editor, at=AT)
    matters.submit(version_id=second.pk, by=editor, at=AT)
    matters.approve_and_publish(version_id=second.pk, by=office, at=AT)
    first.refresh_from_db()
    assert (first.state, first.retired_at) == ("retired", AT)
    assert first.elements.promised_workdays == 7
    assert matters.guide("test-licence").elements.promised_workdays == 6
    assert MatterVersion.objects.filter(state="published").count() == 1


def test_nobody_publishes_what_they_edited(body, editor):
    pmi.grant_role(user=editor, role="county_office", organization=body, by=None, at=AT, valid_from=TODAY)
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    matters.submit(version_id=draft.pk, by=editor, at=AT)
    with pytest.raises(CannotPublishMatter, match="您自己编辑"):
        matters.approve_and_publish(version_id=draft.pk, by=editor, at=AT)
    assert MatterVersion.objects.get().state == "submitted"


def test_the_database_knows_four_eyes_too(editor):
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    draft.decided_by = editor
    with pytest.raises(IntegrityError):
        draft.save()


def test_only_editors_of_the_body_edit(editor, office):
    organization("health")
    with pytest.raises(NotAllowed):
        matters.create_draft(document=document("other", 2, department="health"), by=editor, at=AT)
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    matters.submit(version_id=draft.pk, by=editor, at=AT)
    with pytest.raises(NotAllowed):
        matters.approve_and_publish(version_id=draft.pk, by=editor, at=AT)
    assert Matter.objects.count() == 1


def test_errors_of_the_check_block_submission(editor):
    draft = matters.create_draft(document=document(legal_basis=[], remedies=""), by=editor, at=AT)
    with pytest.raises(CannotPublishMatter) as refused:
        matters.submit(version_id=draft.pk, by=editor, at=AT)
    assert set(refused.value.fields) == {"legal_basis", "remedies"}
    assert MatterVersion.objects.get().state == "draft"


def test_warnings_do_not_block(editor):
    draft = matters.create_draft(document=document(name_en=""), by=editor, at=AT)
    assert matters.submit(version_id=draft.pk, by=editor, at=AT).state == "submitted"


def test_a_returned_version_goes_back_to_its_editor_with_the_reason(editor, office):
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    matters.submit(version_id=draft.pk, by=editor, at=AT)
    with pytest.raises(Invalid):
        matters.return_(version_id=draft.pk, by=office, at=AT, reason=" ")
    returned = matters.return_(version_id=draft.pk, by=office, at=AT, reason="缺少平面图要求")
    assert (returned.state, returned.return_reason) == ("returned", "缺少平面图要求")
    assert Todo.objects.get(done_at=None).user_id == editor.pk
    matters.edit_draft(version_id=draft.pk, document=document(promised_workdays=5), by=editor, at=AT)
    matters.submit(version_id=draft.pk, by=editor, at=AT)
    assert not Todo.objects.filter(done_at=None).exists()


def test_a_stale_page_is_refused(editor):
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    matters.edit_draft(version_id=draft.pk, document=document(promised_workdays=6), by=editor, at=AT, seen=0)
    with pytest.raises(StaleVersion):
        matters.edit_draft(version_id=draft.pk, document=document(promised_workdays=5), by=editor, at=AT, seen=0)
    assert MatterVersion.objects.get().promised_workdays == 6


def test_one_open_draft_at_a_time(editor):
    matters.create_draft(document=document(), by=editor, at=AT)
    with pytest.raises(CannotEditMatter, match="第1版正在修改"):
        matters.create_draft(document=document(), by=editor, at=AT)


def test_submitted_and_published_versions_are_not_edited(editor, office):
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    matters.submit(version_id=draft.pk, by=editor, at=AT)
    with pytest.raises(CannotEditMatter):
        matters.edit_draft(version_id=draft.pk, document=document(), by=editor, at=AT)
    with pytest.raises(CannotEditMatter):
        matters.submit(version_id=draft.pk, by=editor, at=AT)
    matters.approve_and_publish(version_id=draft.pk, by=office, at=AT)
    with pytest.raises(CannotPublishMatter):
        matters.approve_and_publish(version_id=draft.pk, by=office, at=AT)
    with pytest.raises(CannotEditMatter):
        matters.discard_draft(version_id=draft.pk, by=editor, at=AT)


def test_the_key_never_changes(editor):
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    with pytest.raises(Invalid):
        matters.edit_draft(version_id=draft.pk, document=document("other"), by=editor, at=AT)


def test_two_matters_never_share_a_code(editor):
    matters.create_draft(document=document(), by=editor, at=AT)
    with pytest.raises(Invalid, match="已被另一个事项使用"):
        matters.create_draft(document=document("second"), by=editor, at=AT)


def test_a_discarded_first_draft_leaves_nothing(editor):
    draft = matters.create_draft(document=document(), by=editor, at=AT)
    matters.discard_draft(version_id=draft.pk, by=editor, at=AT)
    assert not Matter.objects.exists()
    with pytest.raises(NotFound):
        matters.submit(version_id=draft.pk, by=editor, at=AT)


def test_retirement_ends_the_guide_and_keeps_the_version(office):
    version = matters.publish_as_system(document=document(), at=AT)
    with pytest.raises(Invalid):
        matters.retire(matter_id=version.matter_id, by=office, at=AT, reason="")
    matters.retire(matter_id=version.matter_id, by=office, at=AT, reason="国务院决定取消")
    with pytest.raises(NotFound, match="已停止办理"):
        matters.guide("test-licence")
    with pytest.raises(CannotRetireMatter):
        matters.retire(matter_id=version.matter_id, by=office, at=AT, reason="再次")
    assert MatterVersion.objects.get().state == "retired"


class TestPublishedVersionsNeverChange:
    @pytest.fixture
    def version(self, body):
        return matters.publish_as_system(document=document(), at=AT)

    def test_by_save(self, version):
        version.document = raw_document(name="改了")
        with pytest.raises(CannotChangePublished):
            version.save()
        again = MatterVersion.objects.get()
        again.promised_workdays = 1
        with pytest.raises(CannotChangePublished):
            again.save(update_fields=["promised_workdays"])
        assert MatterVersion.objects.get().name == "测试许可"

    def test_by_bulk_update(self, version):
        with pytest.raises(CannotChangePublished):
            MatterVersion.objects.filter(pk=version.pk).update(document={})
        version.name = "改了"
        with pytest.raises(CannotChangePublished), transaction.atomic():
            MatterVersion.objects.bulk_update([version], ["name"])
        assert MatterVersion.objects.get().name == "测试许可"

    def test_by_deletion(self, version):
        with pytest.raises(CannotChangePublished):
            version.delete()
        with pytest.raises(CannotChangePublished):
            MatterVersion.objects.all().delete()
        assert MatterVersion.objects.count() == 1


def test_publication_makes_a_matter_findable_by_plain_words(body):
    from zhengtong.foundation.events import public as events
    from zhengtong.foundation.search import public as search

    version = matters.publish_as_system(document=document(synonyms=["开早餐铺"]), at=AT)
    events.deliver_all(now=AT)
    assert [hit.url for hit in search.find("开早餐铺").hits] == [matters.guide_url("test-licence")]
    matters.retire(matter_id=version.matter_id, by=None, at=AT, reason="取消")
    events.deliver_all(now=AT)
    assert not search.find("开早餐铺").hits


def test_figures_count_what_is_online_and_end_to_end(body):
    matters.publish_as_system(document=document(), at=AT)
    matters.publish_as_system(document=document("guided", 2, guidance_only=True), at=AT)
    matters.publish_as_system(
        document=document("visited", 3, visits=1, visit_reason="考试", online={"depth": 3}), at=AT
    )
    figures = matters.catalogue_figures()
    assert (figures.matters, figures.online, figures.licences, figures.licences_end_to_end) == (3, 2, 3, 1)
    assert (figures.online_percent, figures.end_to_end_percent) == (66.7, 33.3)


def test_the_document_survives_the_database_unchanged(body):
    from demo.load_matters import document as demo_document

    original = demo_document("food-business-licence")
    for code in ("market-regulation", "urban-management", "public-security", "health", "real-estate-registry"):
        organization(code)
    version = matters.publish_as_system(document=original, at=AT)
    stored = MatterVersion.objects.get(pk=version.pk).document
    assert MatterDocument.model_validate(stored) == original
