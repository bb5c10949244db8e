"""What is packed is unpacked as it was, by this program and by any other."""

import json
import zlib

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.approvals.cases.models import Paper
from zhengtong.kernel.columns import PackedJSONField

FIELD = PackedJSONField()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_any_value_comes_back(value):
    written = FIELD.get_prep_value(value)
    assert FIELD.from_db_value(written, None, connection) == value
    assert value is None or json.loads(zlib.decompress(written)) == value


@pytest.mark.django_db
def test_a_row_and_a_dump_hold_the_same(small_county):
    from tests.approvals.cases.play import Play
    from tests.factories import make_resident

    Play(small_county, make_resident()).accepted()
    paper = Paper.objects.first()
    said = paper.content
    assert said["organ"]
    field = Paper._meta.get_field("data")
    assert field.to_python(field.value_to_string(paper)) == paper.data
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM cases_paper WHERE id = %s", [paper.pk])
        assert json.loads(zlib.decompress(cursor.fetchone()[0])) == paper.data
