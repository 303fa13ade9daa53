"""`python -m worker.contracts docs`: writes what stands in docs/schemas."""

import sys
from pathlib import Path

from worker.contracts.made import files

folder = Path(sys.argv[1])
for path, content in files().items():
    (folder / path).write_text(content, "utf-8")
