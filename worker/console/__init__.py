"""The operators' page, which the callback server serves behind a login."""
