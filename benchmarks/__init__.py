"""One module per published figure, measured by `zhengtong bench NAME`; peers run beside us in the same process.

A module that only prepares begins with an underscore. Figures depend on the machine; ratios depend less.
"""
