"""Processes really killed, disks really full: afterwards the case is as before or as it should be, and everything happens once."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.approvals.cases.play import PDF, Play
from tests.factories import at
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases import replay
from zhengtong.approvals.cases.models import CaseEvent, Clock, Paper
from zhengtong.approvals.cases.refusals import CannotSubmit
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.foundation.events.models import Delivery, OutboxEvent
from zhengtong.foundation.files.models import Attachment
from zhengtong.foundation.notices.models import Notice
from zhengtong.foundation.worklists.models import Todo
from zhengtong.security.audit import public as audit
from zhengtong.security.audit.models import AuditEntry

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 90

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process of the product on the test's database; all are ended after the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def run(act: str, *words: object) -> "subprocess.Popen[bytes]":
        arguments = [str(connection.settings_dict["NAME"]), str(tmp_path), act, *map(str, words)]
        command = [sys.executable, "-m", "tests.approvals.cases.fault_process", *arguments]
        processes.append(subprocess.Popen(command, cwd=ROOT))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def kill_inside(start: Start, tmp_path: Path) -> Callable[..., None]:
    """Start a process, wait until it is inside its transaction at the place named, and kill it with signal 9."""

    def run(act: str, *words: object) -> None:
        process, deadline = start(act, *words), time.monotonic() + PATIENCE_SECONDS
        while not (tmp_path / "inside").exists():
            assert process.poll() is None, "the process ended before it came to the place"
            assert time.monotonic() < deadline, "the process did not get there"
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        (tmp_path / "inside").unlink()

    return run


def everything() -> dict[str, int]:
    return {
        model.__name__: model.objects.count()
        for model in (cases.Case, CaseEvent, Clock, Paper, OutboxEvent, Todo, Notice, Delivery, AuditEntry)
    }


# --- the web process dies ------------------------------------------------------------------


@pytest.mark.parametrize("table", ["events_outboxevent", "cases_clock"])
def test_killed_during_submit(play, kill_inside, table):
    """No half case: a draft with all its answers and papers, which can be submitted again and gets one number."""
    play.draft()
    before, row = everything(), cases.Case.objects.filter(pk=play.case.pk).values().get()
    kill_inside("submit", table, 1, play.case.pk, play.applicant.pk, play.now.isoformat())
    assert everything() == before
    assert cases.Case.objects.filter(pk=play.case.pk).values().get() == row
    assert replay.differences(play.fresh) == {}
    case = cases.submit(case_id=play.case.pk, by=play.applicant, at=play.now)
    assert case.number
    assert [e.kind for e in case.log.all()] == ["start", "submit"]
    other = play.submitted().case
    assert other.number != case.number
    assert replay.differences(other) == {}


def test_killed_after_the_commit_the_filing_stands(play, start, tmp_path, deliver):
    """The answer was lost on its way to the browser: submitting again names the number of the first time."""
    play.draft()
    process = start("submit", "no_such_table", 1, play.case.pk, play.applicant.pk, play.now.isoformat())
    assert process.wait(PATIENCE_SECONDS) == 0
    number = play.fresh.spoken_number
    with pytest.raises(CannotSubmit, match=number):
        cases.submit(case_id=play.case.pk, by=play.applicant, at=play.now)
    deliver()
    assert Notice.objects.filter(template="case.submitted", subject=f"case:{play.case.pk}").count() == 1


# --- the worker dies --------------------------------------------------------------------------


def once(play: Play) -> None:
    """Every fact is in the audit once, every notice was written once, nothing waits."""
    assert not OutboxEvent.objects.filter(delivered_at__isnull=True).exists()
    assert not Delivery.objects.exclude(state=Delivery.DONE).exists()
    heard = Counter(AuditEntry.objects.exclude(outbox_id=None).values_list("outbox_id", flat=True))
    assert set(heard) == set(OutboxEvent.objects.values_list("pk", flat=True))
    assert set(heard.values()) == {1}
    written = Counter(Notice.objects.filter(subject=f"case:{play.case.pk}").values_list("template", flat=True))
    assert written == Counter(["case.submitted", "case.received", "case.accepted"])
    assert audit.verify().whole


@pytest.mark.parametrize(
    ("table", "nth"),
    [("notices_notice", 2), ("events_outboxevent", 1)],
)
def test_the_worker_killed_in_the_middle_of_a_batch(play, kill_inside, start, table, nth):
    play.accepted()
    kill_inside("work", table, nth, play.now.isoformat())
    assert Notice.objects.count() == 0
    assert start("work", "no_such_table", 1, play.now.isoformat()).wait(PATIENCE_SECONDS) == 0
    once(play)


def test_killed_between_commit_and_delivery(play, start, kill_inside):
    """The worker had taken nothing yet when it died; the next one finds what was committed meanwhile."""
    play.submitted()
    kill_inside("work", "notices_notice", 1, play.now.isoformat())
    play.case = cases.receive(case_id=play.case.pk, by=play.county.window_officer, at=play.now)
    play.judge()
    cases.accept(case_id=play.case.pk, by=play.county.window_officer, at=play.now)
    assert OutboxEvent.objects.filter(delivered_at__isnull=True).exists()
    both = [start("work", "no_such_table", 1, play.now.isoformat()) for _n in range(2)]
    assert [process.wait(PATIENCE_SECONDS) for process in both] == [0, 0]
    once(play)


@pytest.mark.parametrize("nth", [1, 3])
def test_the_worker_killed_while_a_clock_fires(play, kill_inside, start, nth):
    """In the middle of deemed acceptance: nothing of it stays, and the next round does all of it, at the true threshold."""
    play.go("2026-09-10 10:00").received()
    before = everything()
    moment = at("2026-09-21 09:00").isoformat()
    kill_inside("fire", "cases_caseevent", nth, moment)
    assert everything() == before
    assert Clock.objects.get(case=play.case, kind="acceptance").elapsed_at is None
    assert start("fire", "no_such_table", 1, moment).wait(PATIENCE_SECONDS) == 0
    case = play.fresh
    assert (case.deemed_accepted, case.state) == (True, "in_process")
    assert case.log.get(kind="deem_accept").effective_at == at("2026-09-18 00:00")
    assert replay.differences(case) == {}


# --- the disk is full -----------------------------------------------------------------------------


@contextmanager
def disk_that_takes(limit: int) -> Iterator[None]:
    """A disk on which no file may really grow beyond `limit` bytes: writing more fails in the kernel, in this process only."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def county_time(settings: Any) -> Iterator[None]:
    """The pages' clock stands at Monday 21 September 2026, whatever the machine says."""
    settings.DEMO = True
    offset = round((at("2026-09-21 09:00") - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})
    calendars.forget_demo_clock()
    yield
    calendars.forget_demo_clock()


own_disk = pytest.mark.skipif(
    "sqlite" not in product.DATABASES["default"]["ENGINE"], reason="the disk of the database belongs to its server"
)


def sentence(response: Any) -> str:
    text = response.content.decode()
    assert "Traceback" not in text
    assert "。" in text
    return text


@own_disk
def test_a_full_disk_during_submit(play, signed_in, county_time):
    play.draft()
    client = signed_in(play.applicant)
    before, row = everything(), cases.Case.objects.filter(pk=play.case.pk).values().get()
    address = reverse("hall:check", args=[play.case.pk])
    page = client.get(address).content.decode()
    assert 'name="declaration"' in page
    asked = {"declaration": "on"}
    with disk_that_takes(1):
        response = client.post(address, asked)
    assert response.status_code == 503
    assert "12345" in sentence(response)
    connection.close()
    assert everything() == before
    assert cases.Case.objects.filter(pk=play.case.pk).values().get() == row
    assert client.post(address, asked).status_code == 302
    assert play.fresh.state == "submitted"


@own_disk
def test_a_full_disk_while_an_officer_acts(play, signed_in, county_time):
    play.received().judge()
    client = signed_in(play.county.window_officer)
    before = everything()
    with disk_that_takes(1):
        response = client.post(reverse("cases:act", args=[play.case.pk, "accept"]), {"seen": play.fresh.row_version})
    assert response.status_code == 503
    sentence(response)
    connection.close()
    assert everything() == before
    assert play.fresh.state == "received"


@own_disk
def test_a_clock_waits_for_the_disk(play):
    """The worker's round fails as a whole and loudly; when there is room again the clock fires, at its own threshold."""
    play.go("2026-09-10 10:00").received()
    before = everything()
    with pytest.raises(Exception, match="(?i)disk|full|I/O"), disk_that_takes(1):
        cases.fire(now=at("2026-09-21 09:00"))
    connection.close()
    assert everything() == before
    assert cases.fire(now=at("2026-09-21 09:00") + timedelta(hours=1)) == 1
    assert play.fresh.log.get(kind="deem_accept").effective_at == at("2026-09-18 00:00")


def test_a_full_disk_during_an_upload_at_the_window(play, signed_in, county_time):
    """The file meets the end of the disk before the database does; the draft keeps what it had."""
    clerk = play.county.window_officer
    play.draft()
    cases.Case.objects.filter(pk=play.case.pk).update(assisted_by=clerk, filed_by=None, channel="window")
    before, files_before = everything(), Attachment.objects.count()
    client = signed_in(clerk)
    upload = SimpleUploadedFile("图.pdf", PDF + b"\n" * 2_000_000, content_type="application/pdf")
    address = reverse("cases:window_material", args=[play.case.pk, 1])
    with disk_that_takes(1_500_000):
        response = client.post(address, {"file": upload})
    assert response.status_code == 503
    assert "存储空间" in sentence(response)
    assert everything() == before
    assert Attachment.objects.count() == files_before
