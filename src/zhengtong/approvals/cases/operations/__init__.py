"""Every write on a case: one verb each, by phase — filing, acceptance, review, decision, timers."""
