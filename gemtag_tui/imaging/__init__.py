"""Untrusted image bytes: the only Pillow, and that in children alone."""
