"""Money of the county: exact decimals in 元 down to the 分, never floats.

yuan("1,080.5")   Decimal("1080.50")     refuses floats, more than two decimals, more than fourteen digits
rounded(rate * quantity)                 half up to the 分, for a product that was computed
shown(amount)     "1,080.50"             for people; `capital(amount)` for papers: 壹仟零捌拾元伍角整
"""

import re
import unicodedata
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Invalid

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("999999999999.99")
DIGITS, DECIMALS = 14, 2

_WRITTEN = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_FIGURES = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


class NotMoney(Invalid):
    """What was given is not an amount of money."""

    code = "not_money"


def yuan(value: Decimal | int | str) -> Decimal:
    """An exact amount in 元. Text may carry thousands commas, ￥, 元 and full-width digits. Raises `NotMoney`."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise TypeError("money is exact: give a Decimal, an int or text, never a float")
    amount = _read(value) if isinstance(value, str) else Decimal(value)
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise NotMoney(_("金额太大或者不是数字，请核对。"))
    exact = amount.quantize(CENT)
    if exact != amount:
        raise NotMoney(_("金额最多两位小数（精确到分），请改正。"))
    return exact


def _read(text: str) -> Decimal:
    plain = unicodedata.normalize("NFKC", text).replace("¥", "").replace("元", "").strip()
    if not _WRITTEN.fullmatch(plain):
        raise NotMoney(_("“{text}”不是金额，请填写数字，例如 1080.50。").format(text=text[:30]))
    try:
        return Decimal(plain.replace(",", ""))
    except InvalidOperation as error:  # pragma: no cover - the pattern lets only numbers through
        raise NotMoney(_("金额太大或者不是数字，请核对。")) from error


def rounded(value: Decimal) -> Decimal:
    """A computed amount to the 分, half up (四舍五入). Raises `NotMoney` when it is too large."""
    if not isinstance(value, Decimal):
        raise TypeError("money is exact: give a Decimal")
    if not value.is_finite() or abs(value) > LARGEST:
        raise NotMoney(_("金额太大或者不是数字，请核对。"))
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, 0.00 of nothing."""
    return sum(amounts, ZERO)


def shown(amount: Decimal) -> str:
    """`1,080.50`, the same in every language."""
    return f"{amount.quantize(CENT):,f}"


def capital(amount: Decimal) -> str:
    """中文大写金额, as bills and receipts write it: 壹仟零捌拾元伍角整, 伍分, 零元整.

    After 《正确填写票据和结算凭证的基本规定》(中国人民银行支付结算办法 附一): 整 follows 元 or 角, never 分; a zero between
    figures is written once, one at the end of 万 too (壹拾万零柒仟元); a zero 角 before 分 is written.
    """
    exact = yuan(amount)
    sign, cents = ("负" if exact < 0 else ""), int(abs(exact) * 100)
    whole, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    text = f"{_whole(whole)}元" if whole or not (jiao or fen) else ""
    if not (jiao or fen):
        return f"{sign}{text}整"
    if jiao:
        text += f"{_FIGURES[jiao]}角"
    elif whole:
        text += "零"
    return f"{sign}{text}" + (f"{_FIGURES[fen]}分" if fen else "整")


def _whole(number: int) -> str:
    if not number:
        return "零"
    groups, rest = [], number
    while rest:
        groups.append(rest % 10000)
        rest //= 10000
    text, gap = "", False
    for place in reversed(range(len(groups))):
        value = groups[place]
        if not value:
            gap = bool(text)
            continue
        if text and (gap or value < 1000 or groups[place + 1] % 10 == 0):
            text += "零"
        text += _four(value) + _GROUPS[place]
        gap = False
    return text


def _four(value: int) -> str:
    text, gap = "", False
    for place in reversed(range(4)):
        figure = value // 10**place % 10
        if figure:
            text += ("零" if gap and text else "") + _FIGURES[figure] + _PLACES[place]
            gap = False
        else:
            gap = True
    return text


class MoneyField(models.DecimalField):
    """A column of money; a float is refused before it can reach the database."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "max_digits": DIGITS, "decimal_places": DECIMALS})

    def deconstruct(self) -> Any:
        """Digits belong to the type, not to a migration."""
        name, path, args, options = super().deconstruct()
        options.pop("max_digits", None)
        options.pop("decimal_places", None)
        return name, path, args, options

    def to_python(self, value: Any) -> Any:
        """As usual, except for floats."""
        if isinstance(value, float):
            raise TypeError("money is exact: give a Decimal, an int or text, never a float")
        return super().to_python(value)
