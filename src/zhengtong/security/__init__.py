"""安全支撑 Security: who someone is, what they may do, and what was done."""
