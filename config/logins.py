"""Names and passwords, as a setting lists them."""


def read(text: str, *, least_chars: int) -> dict[str, str]:
    """Read NAME:PASSWORD,NAME:PASSWORD; a password may hold colons, and no comma.

    Returns:
        Passwords by name.

    Raises:
        ValueError: a name without a password, twice the same name, or a password too short.
    """
    people: dict[str, str] = {}
    for entry in text.split(",") if text else ():
        name, _, password = entry.strip().partition(":")
        if not name or not password:
            raise ValueError("expected NAME:PASSWORD, several separated by commas")
        if name in people:
            raise ValueError(f"{name} stands there twice")
        if len(password) < least_chars:
            raise ValueError(f"the password of {name} has fewer than {least_chars} characters")
        people[name] = password
    return people
