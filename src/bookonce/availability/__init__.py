"""When: hours, visits, claims, and the starts that are on offer."""
