"""The pages that visitors see: booking, and their own page for one appointment."""
