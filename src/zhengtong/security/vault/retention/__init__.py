"""How long what is kept, as data, and the job that deletes on time (个人信息保护法 第十九条、第四十七条; T-PI-3)."""
