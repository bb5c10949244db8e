"""Migrations of fees."""
