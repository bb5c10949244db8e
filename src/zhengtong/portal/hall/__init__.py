"""网上办事大厅 Hall: where residents and enterprises find, file, follow and receive."""
