"""Who was told what, as the office shows it."""
