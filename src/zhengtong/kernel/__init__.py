"""内核 Kernel: rules that need no table — legal time, identifiers, refusals, access marks. Imports nothing of the house."""
