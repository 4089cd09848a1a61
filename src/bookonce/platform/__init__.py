"""What every room stands on: errors, money, zones, settings, the database and its schema."""
