"""Pure values and decisions: no I/O, no clock of its own, no asyncio."""
