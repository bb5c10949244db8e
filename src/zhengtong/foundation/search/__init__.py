"""检索 Search: one index over everything, for two-character words and pinyin initials."""
