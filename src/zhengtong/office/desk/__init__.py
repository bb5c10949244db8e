"""工作台 Desk: one page where an official sees what is due today, from every system."""
