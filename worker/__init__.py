"""The work between the queues and the vendors."""
