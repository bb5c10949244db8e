"""Exact amounts: what is read, what is refused, how it is rounded and written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.kernel import money

CAPITALS = {
    "0": "零元整",
    "0.05": "伍分",
    "0.50": "伍角整",
    "10": "壹拾元整",
    "10.05": "壹拾元零伍分",
    "1080.50": "壹仟零捌拾元伍角整",
    "16409.02": "壹万陆仟肆佰零玖元零贰分",
    "107000.53": "壹拾万零柒仟元伍角叁分",
    "325.04": "叁佰贰拾伍元零肆分",
    "100001": "壹拾万零壹元整",
    "6007.14": "陆仟零柒元壹角肆分",
    "1680.32": "壹仟陆佰捌拾元叁角贰分",
    "20003000": "贰仟万零叁仟元整",
    "100000000": "壹亿元整",
    "100010000": "壹亿零壹万元整",
    "-3.20": "负叁元贰角整",
}


@pytest.mark.parametrize(("amount", "words"), CAPITALS.items())
def test_capital_amounts_as_bills_write_them(amount, words):
    """Examples of 《正确填写票据和结算凭证的基本规定》 among them."""
    assert money.capital(Decimal(amount)) == words


def test_text_is_read_as_people_type_it_and_refused_when_it_is_no_money():
    for text in ("1,080.50", " 1080.5 ", "￥1080.50", "１０８０．５", "1080.50元"):
        assert money.yuan(text) == Decimal("1080.50")
    for text in ("", "1.005", "一百", "1,08.5", "1e3", "NaN", "--1", "1234567890123"):
        with pytest.raises(money.NotMoney):
            money.yuan(text)
    for value in (0.1, True, None):
        with pytest.raises(TypeError):
            money.yuan(value)
    with pytest.raises(TypeError):
        money.MoneyField().to_python(0.1)
    with pytest.raises(TypeError):
        money.rounded(0.1)
    assert money.rounded(Decimal("41.625")) == Decimal("41.63")
    assert money.shown(Decimal("1234567.8")) == "1,234,567.80"
    assert money.total([]) == Decimal("0.00")


@given(st.integers(0, 10**14 - 1))
def test_written_and_read_again_an_amount_stays_itself(cents):
    amount = Decimal(cents) / 100
    assert money.yuan(money.shown(amount)) == amount
    words = money.capital(amount)
    assert words.endswith(("整", "分"))
    assert "零零" not in words
    assert "零元" not in words or amount == 0
