"""A Gemini stand-in server on loopback, for the demo and the tests."""
