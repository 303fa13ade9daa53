"""The pages of docs/reference."""

from collections.abc import Mapping

from worker.reference import commands, settings, states


def files() -> Mapping[str, str]:
    """Path in the folder of docs → content."""
    pages = {"commands": commands.page(), "settings": settings.page(), "states": states.page()}
    return {f"reference/{name}.md": text.rstrip("\n") + "\n" for name, text in pages.items()}
