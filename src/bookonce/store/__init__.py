"""SQL, one module a noun; the only layer that talks to PostgreSQL."""
