"""配置 Configuration: settings, routes and the command line; the roof of the house, nothing imports it."""
