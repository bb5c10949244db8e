"""Every write on a rating: giving it, the work order of a bad one, disputes, publication, the rule, and what time does."""
