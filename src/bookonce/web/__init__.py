"""HTTP: parse, call one verb, render."""
