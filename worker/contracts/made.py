"""The files of docs that are made here: the contracts, as JSON."""

import json
from collections.abc import Mapping

from config.settings import Settings
from worker.contracts import asyncapi, openapi
from worker.contracts.schemas import schema
from worker.events import Kind


def files() -> Mapping[str, str]:
    """Path in the folder of docs → content. Addresses and limits are the settings' defaults."""
    settings = Settings.model_construct()
    contracts = {f"schemas/{kind}.json": schema(kind) for kind in Kind} | {
        "schemas/asyncapi.json": asyncapi.document(settings),
        "schemas/callbacks.openapi.json": openapi.document(settings),
    }
    texts = {path: json.dumps(c, indent=2, ensure_ascii=False) for path, c in contracts.items()}
    return {path: f"{text}\n" for path, text in texts.items()}
