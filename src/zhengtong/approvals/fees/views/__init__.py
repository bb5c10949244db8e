"""Pages of fees: for who pays, for officials, for the finance office; and the local provider's own page."""
