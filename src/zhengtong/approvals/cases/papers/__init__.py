"""文书 Papers: numbered official papers, licences and the evidence pack, as PDF/A-2b and ZIP.

Nothing in this package reads a row or the time of day: what a paper says is passed in (`values`), so that the same data
always give the same bytes.
"""
