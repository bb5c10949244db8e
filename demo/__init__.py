"""The demo county: 双峰县 with bodies and matters from data files, played through the real operations.

Every person, enterprise and case here is fiction; names are drawn from lists and belong to nobody.
"""
