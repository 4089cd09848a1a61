"""The verbs: one function each, one transaction each."""
