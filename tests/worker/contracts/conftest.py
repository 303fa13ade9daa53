"""Packages of npm for what Node runs, or what only npm carries."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE_S = 60


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Installs a package into a folder of its own; returns that folder, or skips the test."""

    def install(package: str) -> Path:
        if shutil.which("npm") is None:
            pytest.skip(f"no npm on the PATH to install {package} with")
        folder = tmp_path_factory.mktemp("npm")
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", package]
        try:
            ended = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install {package} within {PATIENCE_S} s")
        if ended.returncode:
            pytest.skip(f"npm cannot install {package}: {ended.stderr[-300:]}")
        return folder

    return install
