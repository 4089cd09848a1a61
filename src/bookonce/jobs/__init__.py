"""What is done later: after something happened, or at a time."""
