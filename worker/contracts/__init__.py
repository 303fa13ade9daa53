"""What producers and vendors' integrators build against, written from the code: `make docs`."""
