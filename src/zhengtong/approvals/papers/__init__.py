"""The press of approvals: papers as PDF/A-2b, their common layout, their fonts, their QR codes.

What a paper says stands with the app that issues it (`cases.papers`, `fees.papers`); how it is printed stands here.
"""
