"""Pages for officials: the case on one page, its actions, the window. Residents' pages are the hall's."""
