"""The process that does all work which costs money."""
