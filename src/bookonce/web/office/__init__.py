"""The office: signing in, and the pages on which a business is run."""
