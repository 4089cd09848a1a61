"""Webhooks, in the browser."""
