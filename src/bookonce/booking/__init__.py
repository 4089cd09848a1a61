"""Appointments: book, move, cancel, find, and who they are for."""
