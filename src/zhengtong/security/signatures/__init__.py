"""Signatures: on papers as PDF (PAdES), on answers as JSON (JWS), and the reading of both by anybody."""
