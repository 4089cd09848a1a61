"""Private addresses at which one's calendar program reads one's appointments."""
