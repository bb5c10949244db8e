"""The dictionary of readings: right in words, gone when it is not needed, back when it is."""

import pytest

from zhengtong.foundation.search import pinyin
from zhengtong.foundation.search.analysis import pinyin as written


@pytest.mark.parametrize(
    ("word", "read"), [("银行", "yinhang yh"), ("行政许可", "xingzhengxuke xzxk"), ("会计", "kuaiji kj")]
)
def test_a_character_is_read_as_its_word_wants(word, read):
    assert written(word) == read


def test_the_dictionary_is_put_away_and_taken_out_again():
    before = pinyin.syllables("食品")
    assert pinyin.is_out()
    pinyin.put_away()
    assert not pinyin.is_out()
    assert pinyin.syllables("食品") == before


def test_it_goes_by_itself_when_nobody_reads(monkeypatch):
    from threading import Event

    gone = Event()
    monkeypatch.setattr(pinyin, "KEPT_SECONDS", 0.01)
    pinyin.put_away()
    pinyin.syllables("食品")
    for _look in range(500):
        if not pinyin.is_out():
            break
        gone.wait(0.02)
    assert not pinyin.is_out()
