"""县乡办公 Office: what staff of every system share."""
