"""Every write on projects: one verb, keyword-only, one transaction."""
