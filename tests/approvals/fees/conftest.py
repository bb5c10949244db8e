"""The small county with finance officers, a bill of two departments, and the local provider switched on."""

from decimal import Decimal

import pytest

from tests.factories import MONDAY, make_enterprise, make_officer, make_resident
from zhengtong.approvals.fees import public as fees

LAW = "《城市道路管理条例》第三十七条"


@pytest.fixture(autouse=True)
def _local_provider(settings):
    settings.PAYMENT_PROVIDERS = {"local": "zhengtong.approvals.fees.providers.local.LocalProvider"}


@pytest.fixture
def payer(db):
    return make_resident()


@pytest.fixture
def company(payer):
    return make_enterprise(payer)


@pytest.fixture
def finance(small_county):
    return make_officer("finance", "金会计", "finance_officer", small_county.government, subtree=True)


@pytest.fixture
def finance_head(small_county):
    return make_officer("finance.head", "钱科长", "finance_officer", small_county.government, subtree=True)


def line(amount="80", *, department="market-regulation", name="登记费", basis=LAW, **more):
    return fees.Line(name=name, department=department, basis=basis, rate=Decimal(amount) if amount else None, **more)


@pytest.fixture
def issue(small_county, payer):
    """`issue("80", "550")`: a bill with a line for each amount, the first of market regulation, the others of fire rescue."""

    def run(*amounts, subject="case:12", at=MONDAY, **more):
        lines = [
            line(amount, name=f"收费{n}", department="market-regulation" if n == 1 else "fire-rescue")
            for n, amount in enumerate(amounts or ("80", "550.50"), 1)
        ]
        return fees.issue_bill(
            **{
                "subject": subject,
                "title": "占用、挖掘城市道路审批",
                "payer": fees.Payer(payer.display_name, user_id=payer.pk),
                "lines": lines,
                "by": small_county.case_officer,
                "at": at,
                **more,
            }
        )

    return run
