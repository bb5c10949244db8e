"""监察与评估 Oversight: watches what the floors below do. Nothing below knows of it; it hears facts and asks by the door."""
