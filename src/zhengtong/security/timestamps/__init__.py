"""时间戳 Timestamps: says at what time something was there, or refuses to say it.

Owns the clock guard, the time-stamp authority (RFC 3161, P-256 and SM2) and the batches by which every event gets a stamp. It knows
no other system: upper ones call `stamp`, or subscribe what waits to be stamped. Its time is the machine's real one, never the clock
of a demo. 电子签名法 第五条、第十六条；GB/T 20520 (text not checked). The stamp is the county's own, not that of a national service.
"""
