"""`python -m worker.contracts docs`: writes docs/schemas, and the examples into docs/publish.md."""

import sys
from pathlib import Path

from worker.contracts.made import files

folder = Path(sys.argv[1])
for path, content in files(folder).items():
    (folder / path).write_text(content, "utf-8")
