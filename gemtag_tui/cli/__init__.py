"""Thin shell commands: parse, call, print."""
