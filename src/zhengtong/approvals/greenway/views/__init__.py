"""Pages of bundles and projects."""
