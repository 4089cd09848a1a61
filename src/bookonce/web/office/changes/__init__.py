"""The history of a business: every change, by whom."""
