"""Bookonce: online appointment booking that never double-books."""

__version__ = "0.1.0"
