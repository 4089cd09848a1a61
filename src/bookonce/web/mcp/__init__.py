"""The Model Context Protocol: a few tools for a program that acts for a person (an agent)."""
