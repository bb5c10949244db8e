"""The pages of the hall: finding a service, applying for it, following the case, verifying a paper."""
