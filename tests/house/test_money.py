"""No float touches money: not in the code of fees, not in the columns, not in the arithmetic of `kernel.money`."""

import ast

from django.apps import apps
from django.db import models

from tests.house.code import PACKAGE, place, sources
from zhengtong.kernel.money import MoneyField

FEES = PACKAGE / "approvals" / "fees"
AMOUNTS = {
    "amount",
    "total",
    "paid",
    "refunded",
    "excess",
    "going_back",
    "reduction",
    "ours",
    "theirs",
    "received",
    "returned",
}


def test_no_float_in_what_handles_money():
    found = []
    for path in [*sources(FEES), PACKAGE / "kernel" / "money.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            called = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("float", "round")
            )
            if literal or called:
                found.append(place(path, node.lineno))
    assert found == []


def test_every_amount_is_a_column_of_money():
    fields = [field for model in apps.get_app_config("fees").get_models() for field in model._meta.get_fields()]
    amounts = [field for field in fields if field.name in AMOUNTS]
    assert len(amounts) > 15
    assert [str(field) for field in amounts if not isinstance(field, MoneyField)] == []
    assert [str(field) for field in fields if isinstance(field, models.FloatField)] == []
