"""The clients of a business: found, kept, merged, brought in, taken out, erased."""
