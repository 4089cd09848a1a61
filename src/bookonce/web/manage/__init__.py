"""The page that a client's link opens: one appointment, and what can be done about it."""
