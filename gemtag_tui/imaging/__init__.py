"""Untrusted image bytes: the only Pillow."""
