"""The auditor finds what happened; a resident sees who looked."""

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhengtong.foundation.events import public as events
from zhengtong.foundation.files.events import AttachmentRead
from zhengtong.security.accounts import public as accounts
from zhengtong.security.audit import operations
from zhengtong.security.audit import public as audit
from zhengtong.security.audit.models import AuditEntry
from zhengtong.security.audit.values import CONCERNS
from zhengtong.security.pki.models import RevocationList
from zhengtong.security.pmi import public as pmi
from zhengtong.security.timestamps import public as timestamps

from ..people import NOW, make_official

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(office) -> Client:
    user = make_official("auditor", "周审计", organization=office)
    pmi.grant_role(user=user, role="auditor", organization=office, by=None, at=NOW, valid_from=NOW.date())
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def happened(resident, official) -> None:
    accounts.find_person(number=resident.resident_id, by=official, at=NOW)
    accounts.prove_identity(user=resident, level=3, evidence="window", by=official, at=NOW)
    events.deliver_all(now=NOW)


@pytest.mark.usefixtures("happened")
class TestAuditor:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("actor=李华", "核验身份"),
            ("actor=li.hua&action=read", "窗口代办"),
            ("action=accounts.IdentityProven", "核验身份"),
            ("since=2026-03-02&until=2026-03-02", "核验身份"),
        ],
    )
    def test_search(self, auditor, query, found):
        assert found in auditor.get(f"/audit/?{query}").content.decode()

    @pytest.mark.parametrize("query", ["actor=nobody", "since=2026-03-03", "subject=case", "subject=user:0"])
    def test_nothing_found_is_said(self, auditor, query):
        assert "没有符合条件的记录" in auditor.get(f"/audit/?{query}").content.decode()

    def test_one_subjects_trail_in_order(self, auditor, resident):
        page = auditor.get(f"/audit/trail/user:{resident.pk}/")
        assert [row.entry.action for row in page.context["rows"]] == [
            "read",
            "accounts.ResidentRegistered",
            "accounts.IdentityProven",
        ]
        assert resident.resident_id not in page.content.decode()

    def test_one_entry_and_the_chain(self, auditor):
        assert "内容与校验码相符" in auditor.get("/audit/entries/1/").content.decode()
        assert auditor.get("/audit/entries/999/").status_code == 404
        assert "全部完整" in auditor.get("/audit/verification/").content.decode()
        assert auditor.get("/audit/verification/?first=x&last=2").status_code == 200

    def test_the_log_with_its_checkpoint_and_a_proof(self, auditor):
        assert "还没有见证方" in auditor.get("/audit/log/").content.decode()
        operations.checkpoint(at=NOW)
        page = auditor.get("/audit/log/").content.decode()
        assert "全部完整" in page
        assert "— 127.0.0.1:8000/audit" in page
        assert "下载证明" in auditor.get("/audit/entries/1/").content.decode()
        assert auditor.get("/audit/entries/1/proof/").content.startswith(b"c2sp.org/tlog-proof@v1")

    def test_an_entry_and_the_log_with_their_stamps(self, auditor, service):
        operations.checkpoint(at=NOW)
        size = audit.last_checkpoint().size
        assert "正在等待盖戳" in auditor.get("/audit/entries/1/").content.decode()
        assert auditor.get("/audit/entries/1/stamped-proof/").status_code == 409
        timestamps.stamp_pending(at=NOW)
        for address in ("/audit/entries/1/", "/audit/log/"):
            page = auditor.get(address).content.decode()
            assert f"/audit/log/checkpoint/{size}/p256.tst" in page
            assert f"/audit/log/checkpoint/{size}/sm2.tst" in page
        assert auditor.get("/audit/entries/1/stamped-proof/").content.startswith(b"c2sp.org/tlog-proof@v1")
        RevocationList.objects.all().delete()
        assert "证书不受信任" in auditor.get("/audit/log/").content.decode()

    def test_a_page_costs_the_same_for_few_and_many_rows(self, auditor, official, django_assert_num_queries):
        auditor.get("/audit/")  # the first page of a session writes when it began
        with CaptureQueriesContext(connection) as few:
            auditor.get("/audit/")
        for n in range(40):
            audit.record_read(by=official.pk, subject=f"case:{n}", purpose="p", basis="b", fields=(), at=NOW)
        with django_assert_num_queries(len(few)):
            auditor.get("/audit/")


class TestMyReads:
    def test_a_resident_sees_who_looked_and_why(self, client, resident, happened):
        client.force_login(resident)
        page = client.get("/my/reads/").content.decode()
        for words in ("李华", "县政务服务中心", "窗口代办", "个人信息保护法", "公民身份号码"):
            assert words in page

    def test_nobody_sees_a_neighbours(self, client, neighbour, happened):
        client.force_login(neighbour)
        assert "还没有工作人员查看过" in client.get("/my/reads/").content.decode()

    def test_other_systems_say_which_of_their_subjects_concern_a_person(self, resident, official):
        audit.record_read(by=official.pk, subject="case:77", purpose="审查", basis="法", fields=("form",), at=NOW)
        assert audit.read_rows(audit.reads_about(resident)) == []
        audit.concerns(name="tests")(lambda user_id: ["case:77"] if user_id == resident.pk else [])
        try:
            assert [row.subject for row in audit.read_rows(audit.reads_about(resident))] == ["case:77"]
        finally:
            del CONCERNS["tests"]

    def test_an_opened_attachment_counts_as_a_read(self, resident, official):
        with transaction.atomic():
            events.publish(
                AttachmentRead(attachment_id=5, owner_kind="case", owner_id=77, actor_id=official.pk), at=NOW
            )
        events.deliver_all(now=NOW)
        audit.concerns(name="tests")(lambda user_id: ["attachment:5"])
        try:
            assert [row.purpose for row in audit.read_rows(audit.reads_about(resident))] == ["打开附件"]
        finally:
            del CONCERNS["tests"]

    def test_every_read_in_the_log_is_shown(self, client, resident, neighbour, official):
        """T-AUD-14: the pages of the person, one after the other, are the log's reads of their data: all of them, nothing else."""
        for n in range(120):
            read = (resident, neighbour)[n % 7 == 0]
            audit.record_read(
                by=official.pk, subject=f"user:{read.pk}", purpose=f"第{n}次", basis="法", fields=(), at=NOW
            )
        client.force_login(resident)
        log = AuditEntry.objects.filter(action="read", subject=f"user:{resident.pk}")
        shown = [row.seq for page in "123" for row in client.get(f"/my/reads/?page={page}").context["reads"]]
        assert shown == list(log.order_by("-seq").values_list("seq", flat=True))
        assert len(shown) == 102

    def test_ones_own_reading_is_not_listed(self, resident):
        audit.record_read(by=resident.pk, subject=f"user:{resident.pk}", purpose="p", basis="b", fields=(), at=NOW)
        assert audit.read_rows(audit.reads_about(resident)) == []
