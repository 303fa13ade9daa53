"""With what we work: settings, logging and the example files. Imports nothing of ours."""
