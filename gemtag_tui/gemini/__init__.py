"""The wire to Gemini: requests, answers and error translation."""
