"""`python -m worker.reference docs`: writes docs/reference."""

import sys
from pathlib import Path

from worker.reference.made import files

folder = Path(sys.argv[1])
for path, content in files().items():
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text(content, "utf-8")
