"""Who is told what about an appointment, once, in their language, and what became of it."""
