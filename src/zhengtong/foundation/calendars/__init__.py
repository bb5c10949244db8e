"""工作日 Calendars: versioned working days of a county; a year without data refuses to compute."""
