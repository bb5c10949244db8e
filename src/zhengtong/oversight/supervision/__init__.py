"""电子监察 Supervision: rules as data watch every clock and every act, and put a card where a rule was broken.

It owns rules, watches, cards (预警、黄牌、红牌), appeals and correction orders. It owns no case, moves no case and stops no clock:
it hears the facts of other systems, asks for their ledgers by the door, and tells people by their to-do lists.

Law: 行政许可法 第十条、第六十条 (supervision of those who decide), 第七十二条 to 第七十五条 (what they answer for); 优化营商环境条例
第三十六条 (a promise that is late must be explained).
"""
