"""From a queue into the journal: take, read, accept, release."""
