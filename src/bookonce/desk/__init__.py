"""The desk: what who works at a business does with its appointments and its time."""
