"""审计 Audit: an append-only, hash-chained record of every event and every read of personal data.

Owns the chain and its pages; owns no business fact and knows no other system: it subscribes to the base event class,
and upper systems tell it which of their subjects concern a person (`concerns`). It records ids and field names, never
personal data itself. 网络安全法 第二十一条（日志留存不少于六个月）、个人信息保护法 第五十一条、第五十五条；等级保护
8.1.4.3 安全审计.
"""
