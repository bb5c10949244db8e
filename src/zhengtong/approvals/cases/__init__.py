"""办件 Cases: an application from draft to archive on the legal clock, with every paper and every event."""
