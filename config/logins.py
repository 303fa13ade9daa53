"""Names and passwords, as a setting lists them."""

LEAST_CHARS = 12


def read(text: str) -> dict[str, str]:
    """Read NAME:PASSWORD,NAME:PASSWORD; a password may hold colons, and no comma.

    Returns:
        Passwords by name.

    Raises:
        ValueError: a name without a password, twice the same name, or a password too short.
    """
    people: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, colon, password = entry.partition(":")
        if not name or not colon:
            raise ValueError("expected NAME:PASSWORD,NAME:PASSWORD")
        if name in people:
            raise ValueError(f"{name} stands there twice")
        if len(password) < LEAST_CHARS:
            raise ValueError(f"the password of {name} has fewer than {LEAST_CHARS} characters")
        people[name] = password
    return people
