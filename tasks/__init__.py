"""The doors for Celery: parse, call the work, nothing else."""
