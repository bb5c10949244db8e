"""Numbers that were sent: plain digits, or nothing."""

import pytest

from zhengtong.kernel.forms import number_of


@pytest.mark.parametrize("odd", ["", "²", "٣", "１", "-1", "+1", "1.0", "9" * 19, "9" * 5000, " 1"])
def test_what_is_no_number_of_a_row(odd):
    assert number_of(odd, 7) == 7


def test_what_is_one():
    assert (number_of("0", 7), number_of("12", 7)) == (0, 12)
