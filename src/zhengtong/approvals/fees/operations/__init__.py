"""Every write of fees."""
