"""政府网站群 Portal: what the public sees."""
