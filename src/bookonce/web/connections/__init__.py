"""The connections of a worker: which of them keep others out, and their end."""
