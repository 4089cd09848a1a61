"""A believable business to try things on."""

SLUG = "lumen"
OWNER = "owner@lumen.example"
"""Who signs in to its office."""
