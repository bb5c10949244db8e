"""Notices: in the inbox at once, by mail and SMS through the worker, tried again, never more personal than needed."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tests.factories import SmallCounty, make_resident
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.notices import channels, kinds
from zhengtong.foundation.notices import public as notices
from zhengtong.foundation.notices.models import Notice, NoticeDelivery
from zhengtong.foundation.notices.operations import LEASE, STUCK_AFTER, retry_by_hand
from zhengtong.kernel.errors import NotFound
from zhengtong.security.accounts.models import User

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def template() -> Iterator[str]:
    """A template of these tests; the real ones are kept."""
    kept = dict(kinds.TEMPLATES)
    notices.register_template(
        "test.accepted", subject="已受理：{matter}", body="{name}的申请{number}已受理。", sms="{number}已受理。"
    )
    notices.register_template("test.quiet", subject="提醒", body="请查看。")
    yield "test.accepted"
    kinds.TEMPLATES.clear()
    kinds.TEMPLATES.update(kept)


@pytest.fixture(autouse=True)
def sms_log(tmp_path: Path, settings: Any, db: None) -> Path:
    shutil.copytree(settings.DATA / "keys", tmp_path / "keys")
    settings.DATA = tmp_path
    return tmp_path / "sms.log"


@pytest.fixture
def failing() -> Iterator[list[Exception]]:
    """While it holds an error, the SMS gateway raises it."""
    kept, errors = dict(channels.CHANNELS), []

    def send(message: notices.Message) -> None:
        if errors:
            raise errors[0]
        kept[notices.SMS](message)

    notices.register_channel(notices.SMS, send)
    yield errors
    channels.CHANNELS.clear()
    channels.CHANNELS.update(kept)


@pytest.fixture
def resident() -> User:
    return make_resident(email="wang@example.cn")


PARAMS = {"number": "办20260001", "matter": {"zh": "食品经营许可", "en": "Food licence"}, "name": "王小明"}


def sms(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def state_of(channel: str) -> str:
    return NoticeDelivery.objects.get(channel=channel).state


def test_a_notice_is_in_the_inbox_at_once_and_goes_out_by_mail_and_sms(
    resident: User, now: datetime, sms_log: Path
) -> None:
    notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    assert notices.unread_count(resident) == 1
    assert mail.outbox == []
    assert notices.deliver_waiting(now=now) == 2
    assert notices.deliver_waiting(now=now) == 0
    (message,) = mail.outbox
    assert message.to == ["wang@example.cn"]
    assert message.subject == "已受理：食品经营许可"
    assert message.body == "王小明的申请办20260001已受理。"
    (text,) = sms(sms_log)
    assert text["text"] == "办20260001已受理。"
    assert set(NoticeDelivery.objects.values_list("state", flat=True)) == {NoticeDelivery.DONE}


def test_a_text_message_names_no_person_and_its_record_hides_the_phone(
    resident: User, now: datetime, sms_log: Path
) -> None:
    notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    notices.deliver_waiting(now=now)
    written = sms_log.read_text(encoding="utf-8")
    assert "王小明" not in written
    assert resident.phone not in written
    assert sms_log.stat().st_mode & 0o077 == 0


def test_line_breaks_in_what_people_wrote_make_no_header(small_county: SmallCounty, now: datetime) -> None:
    """ASVS 1.3.11: a name with a line break and a header behind it is a name in the letter, and nobody gets a copy."""
    notices.register_template("test.named", subject="{name}的申请", body="{name}")
    resident = make_resident(email="wang@example.cn")
    name = "王\r\nBcc: evil@example.cn\n\n<b>"
    notices.send(template="test.named", to_user_id=resident.pk, params={"name": name}, at=now)
    notices.deliver_waiting(now=now)
    for letter in mail.outbox:
        assert letter.recipients() == ["wang@example.cn"]
        raw = letter.message()
        assert raw["Bcc"] is None
        assert "\n" not in str(raw["Subject"])
    assert len(mail.outbox) == 1
    assert NoticeDelivery.objects.get(channel=channels.EMAIL).state == NoticeDelivery.DONE


def test_a_template_that_would_text_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        notices.register_template("test.loud", subject="x", body="x", sms="{name}，您好")


def test_somebody_without_an_account_gets_it_by_phone(now: datetime, sms_log: Path) -> None:
    notices.send(template="test.accepted", phone="13900001111", params=PARAMS, at=now)
    notices.deliver_waiting(now=now)
    assert [line["phone"] for line in sms(sms_log)] == ["139****1111"]
    assert NoticeDelivery.objects.count() == 1


def test_without_an_address_a_channel_is_skipped(now: datetime, sms_log: Path) -> None:
    resident = make_resident(email="")
    notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    notices.deliver_waiting(now=now)
    assert mail.outbox == []
    assert state_of(notices.EMAIL) == NoticeDelivery.SKIPPED
    assert state_of(notices.SMS) == NoticeDelivery.DONE


def test_a_template_without_sms_is_never_texted(resident: User, now: datetime, sms_log: Path) -> None:
    notices.send(template="test.quiet", to_user_id=resident.pk, phone="13900001111", at=now)
    notices.deliver_waiting(now=now)
    assert sms(sms_log) == []


def test_an_unknown_template_is_a_mistake_of_the_program(resident: User, now: datetime) -> None:
    with pytest.raises(KeyError):
        notices.send(template="test.unknown", to_user_id=resident.pk, at=now)
    assert not Notice.objects.exists()


def test_a_failing_gateway_is_tried_again_and_holds_up_nobody(
    resident: User, now: datetime, failing: list[Exception], sms_log: Path
) -> None:
    failing.append(OSError("no route to 13800000001"))
    notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    notices.deliver_waiting(now=now)
    assert len(mail.outbox) == 1
    row = NoticeDelivery.objects.get(channel=notices.SMS)
    assert (row.state, row.error) == (NoticeDelivery.WAITING, "OSError")
    failing.clear()
    assert notices.deliver_waiting(now=now) == 0
    assert notices.deliver_waiting(now=now + timedelta(minutes=3)) == 1
    assert len(sms(sms_log)) == 1
    assert state_of(notices.SMS) == NoticeDelivery.DONE


def test_a_gateway_that_hangs_is_asked_once_a_round(now: datetime, failing: list[Exception], sms_log: Path) -> None:
    failing.append(TimeoutError())
    for number in range(5):
        notices.send(template="test.accepted", phone=f"1390000111{number}", params=PARAMS, at=now)
    assert notices.deliver_waiting(now=now) == 1
    failing.clear()
    assert notices.deliver_waiting(now=now) == 4
    assert len(sms(sms_log)) == 4


def test_after_six_attempts_a_person_is_needed(resident: User, now: datetime, failing: list[Exception]) -> None:
    failing.append(OSError())
    notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    for _ in range(STUCK_AFTER + 2):
        notices.deliver_waiting(now=now)
        now += timedelta(days=1)
    assert state_of(notices.SMS) == NoticeDelivery.STUCK
    assert NoticeDelivery.objects.get(channel=notices.SMS).attempts == STUCK_AFTER


def test_a_worker_killed_while_sending_leaves_the_message_to_the_next_after_a_while(
    resident: User, now: datetime, failing: list[Exception], sms_log: Path
) -> None:
    failing.append(KeyboardInterrupt())  # type: ignore[arg-type]
    notices.send(template="test.quiet", at=now)
    notices.send(template="test.accepted", phone="13900001111", params=PARAMS, at=now)
    with pytest.raises(KeyboardInterrupt):
        notices.deliver_waiting(now=now)
    failing.clear()
    assert notices.deliver_waiting(now=now + timedelta(minutes=1)) == 0
    assert notices.deliver_waiting(now=now + LEASE) == 1
    assert len(sms(sms_log)) == 1


def test_a_notice_reads_in_the_language_of_its_reader(resident: User, now: datetime) -> None:
    notice = notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    assert "食品经营许可" in notice.title
    with translation.override("en"):
        assert "Food licence" in notice.title


def test_sending_is_part_of_the_change_and_cheap(
    resident: User, now: datetime, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(4):  # two statements in a savepoint
        notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)


# --- pages --------------------------------------------------------------------------------------------------------------


def test_the_inbox_shows_only_ones_own_notices(resident: User, now: datetime, signed_in: SignIn) -> None:
    other = make_resident(2, "李四")
    mine = notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    theirs = notices.send(template="test.quiet", to_user_id=other.pk, at=now)
    client = signed_in(resident)
    page = client.get("/my/inbox/").content.decode()
    assert "已受理：食品经营许可" in page
    assert "请查看。" not in page
    assert client.get(f"/my/inbox/{mine.pk}/").status_code == 200
    assert client.get(f"/my/inbox/{theirs.pk}/").status_code == 404
    assert Notice.objects.get(pk=theirs.pk).read_at is None


def test_opening_a_notice_marks_it_as_read(resident: User, now: datetime, signed_in: SignIn) -> None:
    notice = notices.send(template="test.accepted", to_user_id=resident.pk, params=PARAMS, at=now)
    client = signed_in(resident)
    client.get(f"/my/inbox/{notice.pk}/")
    assert notices.unread_count(resident) == 0
    assert "没有未读消息。" in client.get("/my/inbox/?show=unread").content.decode()


def test_all_can_be_marked_as_read(resident: User, now: datetime, signed_in: SignIn) -> None:
    for _ in range(3):
        notices.send(template="test.quiet", to_user_id=resident.pk, at=now)
    assert signed_in(resident).post("/my/inbox/read/").status_code == 302
    assert notices.unread_count(resident) == 0


def test_visitors_have_no_inbox(client: Client) -> None:
    assert client.get("/my/inbox/")["Location"].startswith("/account/login/")


def test_the_inbox_costs_the_same_for_one_and_for_twenty(resident: User, now: datetime, signed_in: SignIn) -> None:
    client, counted = signed_in(resident), []
    client.get("/my/inbox/")
    for rows in (1, 19):
        for _ in range(rows):
            notices.send(template="test.quiet", to_user_id=resident.pk, at=now)
        with CaptureQueriesContext(connection) as queries:
            client.get("/my/inbox/")
        counted.append(len(queries))
    assert counted[0] == counted[1]


@pytest.fixture
def stuck(now: datetime, failing: list[Exception], calendar: Any) -> NoticeDelivery:
    """A text message that does not go out."""
    failing.append(OSError())
    notices.send(template="test.accepted", phone="13900001111", params=PARAMS, subject="case:1", at=now)
    notices.deliver_waiting(now=now)
    return NoticeDelivery.objects.get()


def test_the_county_office_sees_what_is_stuck_and_sets_it_going(
    stuck: NoticeDelivery, small_county: SmallCounty, signed_in: SignIn, failing: list[Exception]
) -> None:
    client = signed_in(small_county.county_office)
    page = client.get("/office/deliveries/").content.decode()
    assert "已受理：食品经营许可" in page
    assert "13900001111" not in page
    retry = f"/office/deliveries/notices/{stuck.pk}/retry/"
    assert "没有成功" in client.post(retry, follow=True).content.decode()
    failing.clear()
    assert "已重新投递" in client.post(retry, follow=True).content.decode()
    assert state_of(notices.SMS) == NoticeDelivery.DONE
    assert client.post(retry).status_code == 404
    facts = OutboxEvent.objects.filter(name="notices.NoticeRetried", actor_id=small_county.county_office.pk)
    assert facts.count() == 2


def test_nobody_else_sees_or_retries(stuck: NoticeDelivery, small_county: SmallCounty, signed_in: SignIn) -> None:
    for user in (small_county.case_officer, make_resident()):
        client = signed_in(user)
        assert client.get("/office/deliveries/").status_code == 403
        assert client.post(f"/office/deliveries/notices/{stuck.pk}/retry/").status_code == 403
        assert client.post("/office/deliveries/events/1/retry/").status_code == 403


def test_retrying_by_hand_what_is_gone_is_refused(now: datetime) -> None:
    with pytest.raises(NotFound):
        retry_by_hand(delivery_id=404, by=1, at=now)


def test_a_quiet_county_has_an_empty_page(small_county: SmallCounty, signed_in: SignIn) -> None:
    page = signed_in(small_county.county_office).get("/office/deliveries/").content.decode()
    assert "全部送达，没有要处理的。" in page
    assert "全部发出，没有要处理的。" in page
