"""The business as a document: its rules, its file, and how it is stored."""
