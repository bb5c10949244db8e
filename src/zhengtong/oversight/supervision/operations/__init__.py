"""Every write of supervision: issuing cards, moving them, appeals, orders, rules, back-tests."""
