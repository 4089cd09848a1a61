"""A believable business to try things on."""

SLUG = "lumen"
