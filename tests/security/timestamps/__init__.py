"""Tests of timestamps."""
