"""Those who take payments."""
