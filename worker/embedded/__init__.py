"""Everything in one place for a first run: a broker, the processes, sandbox vendors, samples."""
