"""Settings in the browser: everything that the business file can say, and a business's first steps."""
