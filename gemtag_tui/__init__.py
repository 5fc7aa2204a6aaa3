"""gemtag tags large image libraries with Google Gemini from a terminal."""

from __future__ import annotations

__version__ = "0.1.0"
