"""待办 Worklists: one to-do list for every person, filled by every system."""
