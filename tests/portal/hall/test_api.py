"""The public JSON interface."""

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

pytestmark = pytest.mark.django_db


def test_matters_and_their_guides(client, play):
    found = client.get("/api/matters?q=小餐饮").json()
    assert [line["key"] for line in found["matters"]] == ["test-licence"]
    told = client.get("/api/matters/test-licence").json()
    assert told["promised_workdays"] == 7
    assert [m["name"] for m in told["materials"] if m["fetched_from"]] == ["营业执照"]
    assert client.get("/api/matters/nothing").status_code == 404
    assert client.get("/api/matters?limit=0").json()["fields"].keys() == {"limit"}


def test_progress_and_its_refusals(client, play):
    play.submitted()

    def ask(**body):
        return client.post("/api/progress", body, content_type="application/json")

    right = ask(number=play.case.spoken_number, code=play.case.query_code)
    assert right.json()["state"] == "submitted"
    assert "王小明" not in right.content.decode()
    assert ask(number=play.case.spoken_number, code="WRONG").status_code == 404
    assert ask(number="x").status_code == 422
    assert client.post("/api/progress", "{", content_type="application/json").status_code == 400
    for _n in range(10):
        last = ask(number="x", code="y")
    assert last.status_code == 429


def test_verification(client, play):
    play.delivered()
    licence = play.fresh.licence
    for code in (licence.paper.verify_code, licence.number):
        told = client.get(f"/api/verification/{code}").json()
        assert told["number"] == licence.number
        assert told["state"] == "valid"
        assert told["holder"] == "王**"
    assert client.get("/api/verification/NOTACODE").status_code == 404


def test_the_description_is_there_and_no_page_loads_scripts_from_elsewhere(client, play):
    assert client.get("/api/openapi.json").json()["openapi"].startswith("3.")
    assert client.get("/api/docs").status_code == 404


@pytest.fixture
def api_schema(play):
    # As Django's own test client does: the end of a request must not close the connection the test's transaction is in.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_answers_keep_to_the_description(case):
    cache.clear()
    case.call_and_validate()
