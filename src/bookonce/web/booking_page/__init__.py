"""The booking page, step by step."""
