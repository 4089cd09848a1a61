"""Pure rules of booking: no I/O, no clock, no settings."""
