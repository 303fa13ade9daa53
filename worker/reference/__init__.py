"""docs/reference/, written from the code: `make docs`."""
