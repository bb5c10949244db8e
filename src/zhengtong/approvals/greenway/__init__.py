"""Projects and bundles: one door for many matters, decided in parallel; each branch is an ordinary case of `cases`."""
