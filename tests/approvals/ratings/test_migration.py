"""The ratings of before come over with everything they said."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.test_migrations import empty_place

__all__ = ["empty_place"]
pytestmark = pytest.mark.migrations


def test_rows_come_over_with_their_department(empty_place):
    program = Path(__file__).with_name("migration_process.py")
    environment = {**empty_place, "DJANGO_SETTINGS_MODULE": "zhengtong.config.settings"}
    done = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["4", "慢", "b", "counted", "[]"]
