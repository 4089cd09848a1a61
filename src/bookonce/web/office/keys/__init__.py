"""Keys for programs, in the browser."""
