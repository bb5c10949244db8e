"""认证 Accounts: residents, enterprises with their members, officials; how they prove who they are.

Owns accounts, mandates and signing in; refuses to own what an official may do (that is `pmi`).
居民身份证法、个人信息保护法 第六条（最小必要）、 民法典 第一百六十一条至第一百七十五条（代理）.
"""
