"""Pages of the catalogue, for officials under /catalogue/."""
