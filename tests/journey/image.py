"""What the Dockerfile puts into an image, laid out in a directory; read, not built."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
# The interpreter of the tests knows where the checkout is; what runs here must not find it there.
WITHOUT_THE_CHECKOUT = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in repr(finder)]
sys.path[:] = [place for place in sys.path if "__editable__" not in place]
"""


def stages() -> dict[str, list[str]]:
    """The instructions of each stage by its name, those of the stage it begins from included."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        head, *lines = part.splitlines()
        base, name = re.fullmatch(r"(\S+) AS (\S+)", head).groups()  # type: ignore[union-attr]
        found[name] = found.get(base, []) + [line for line in lines if line[:1].isupper()]
    return found


def sources(instructions: list[str]) -> list[tuple[str, str]]:
    """What is copied from the checkout, and where to."""
    pairs = [re.fullmatch(r"COPY ([^-]\S+) (\S+)", line) for line in instructions]
    return [(pair[1], pair[2]) for pair in pairs if pair]


class Image:
    """The directory of one stage, and how what runs there finds its programs."""

    def __init__(self, folder: Path, stage: str) -> None:
        self.instructions = stages()[stage]
        self.work = folder / "relay"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        for source, target in sources(self.instructions):
            place = self.work / target
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(WITHOUT_THE_CHECKOUT)
        for line in self.instructions:
            if line.startswith("RUN printf"):
                self._run(line.removeprefix("RUN "))

    def _run(self, script: str) -> None:
        here = script.replace("/venv/bin/python", sys.executable).replace(
            "/venv/bin", str(self.bin)
        )
        subprocess.run(["/bin/sh", "-c", here], check=True)

    def environment(self) -> dict[str, str]:
        """Its ENV, the places as they are here; PATH begins with its own programs."""
        given = " ".join(line[4:] for line in self.instructions if line.startswith("ENV "))
        variables = dict(pair.split("=", 1) for pair in given.split())
        return variables | {
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": f"{self.work}:{self.work.parent / 'site'}",
        }
