"""What a visitor may call without an account."""
