"""Plug-ins to the world outside: they receive messages and return outcomes, and never query."""
