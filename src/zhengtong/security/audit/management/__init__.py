"""Commands of Django that audit changes."""
