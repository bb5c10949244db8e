from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from tests.approvals.cases.play import Play
from tests.factories import at, make_resident
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock


@pytest.fixture(autouse=True)
def _the_morning_after(settings, db):
    """The pages act on the Tuesday after the Monday on which the stories are played, whatever the machine's clock says."""
    settings.DEMO = True
    offset = round((at("2026-09-22 09:00") - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})
    calendars.forget_demo_clock()
    yield
    calendars.forget_demo_clock()


@pytest.fixture
def applicant(db):
    return make_resident()


@pytest.fixture
def stranger(db):
    return make_resident(serial=2, name="赵邻居")


@pytest.fixture
def play(small_county, applicant, deliver):
    story = Play(small_county, applicant)
    deliver()
    return story


@pytest.fixture
def browser(signed_in, applicant):
    """The applicant's browser."""
    return signed_in(applicant)


@pytest.fixture
def photo():
    """`photo("一.png")`: a photo as a phone uploads it."""

    def take(name="照片.png"):
        kept = BytesIO()
        Image.new("RGB", (20, 20), "#abc").save(kept, "PNG")
        return SimpleUploadedFile(name, kept.getvalue(), "image/png")

    return take
