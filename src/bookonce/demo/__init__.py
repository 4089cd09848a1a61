"""A believable business to try things on."""
