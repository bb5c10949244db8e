"""政通 Zhengtong: the e-government of a county in one program. The folders are the county plan's own headings."""
