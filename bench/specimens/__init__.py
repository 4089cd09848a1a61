"""Ways of booking to measure against, on the same schema and driver."""
