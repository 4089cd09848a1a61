"""Work for later: from events and schedules to jobs, and the worker that does them."""
