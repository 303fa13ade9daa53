"""The files of docs that are made here: contracts as JSON, and examples within their page."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from config.settings import Settings
from worker.contracts import asyncapi, openapi
from worker.contracts.schemas import schema
from worker.events import Kind

PAGE = "publish.md"
# A link to an example that ends its line, and the block of code that follows it.
EXAMPLE = re.compile(r"(\[`[^`]+`\]\((examples/[^)]+)\):\n\n```\w+\n).*?(^```$)", re.M | re.S)


def files(docs: Path) -> Mapping[str, str]:
    """Path in the folder of docs → content. Addresses and limits are the settings' defaults."""
    settings = Settings.model_construct()
    contracts = {f"schemas/{kind}.json": schema(kind) for kind in Kind} | {
        "schemas/asyncapi.json": asyncapi.document(settings),
        "schemas/callbacks.openapi.json": openapi.document(settings),
    }
    texts = {path: json.dumps(c, indent=2, ensure_ascii=False) for path, c in contracts.items()}
    page = EXAMPLE.sub(
        lambda found: found[1] + (docs / found[2]).read_text("utf-8") + found[3],
        (docs / PAGE).read_text("utf-8"),
    )
    return {path: f"{text}\n" for path, text in texts.items()} | {PAGE: page}
