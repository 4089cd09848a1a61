"""The office for programs: what its pages do, as JSON."""
