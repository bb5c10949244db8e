"""The ratings and papers of before come over with everything they said."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.test_migrations import empty_place

__all__ = ["empty_place"]
pytestmark = pytest.mark.migrations


def test_rows_come_over_with_what_they_said(empty_place):
    program = Path(__file__).with_name("migration_process.py")
    environment = {**empty_place, "DJANGO_SETTINGS_MODULE": "zhengtong.config.settings"}
    done = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rating, first, second = done.stdout.splitlines()
    assert rating.split() == ["4", "慢", "b", "counted", "[]"]
    assert json.loads(first) == {"organ": "局", "rows": [1, 2]}
    assert json.loads(second) == {"organ": "局"}
