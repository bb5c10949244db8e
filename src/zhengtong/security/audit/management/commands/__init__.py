"""`flush`: refused on a real database."""
