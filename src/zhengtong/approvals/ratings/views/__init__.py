"""Pages: rating by account, link or QR code; the department's work orders; the county office's review; what everybody may read."""
