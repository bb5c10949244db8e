"""好差评 Ratings: how people judge a case or a visit to a window, and what becomes of a bad judgement.

Owns the rating (five levels, once per case and once per visit), the single-use links and QR codes it is given by, the work order
that a bad one opens, the route for mistaken and malicious ones, and what of it is published with its reply. Owns no case: that it
was rated stands in the case's own history. 国办发〔2019〕51号; GB/T 39046-2020 (满意度代码); 优化营商环境条例.
"""
