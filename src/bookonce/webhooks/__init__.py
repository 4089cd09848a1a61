"""Webhooks: programs are sent what happens, signed, until they have it."""
