"""One bill (一单式): what a case, bundle or project costs, paid once, settled line by line (行政许可法 第五十八条、第五十九条)."""
