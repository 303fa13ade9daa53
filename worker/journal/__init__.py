"""Where everything is written: events, reports, attempts, and what could not be read or told."""
