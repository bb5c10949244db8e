"""应用支撑 Foundation: what every system shares — events, organisations, working days, files, notices, search, to-dos."""
