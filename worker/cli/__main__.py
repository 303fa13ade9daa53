"""`python -m worker.cli`, where no script is installed."""

from worker.cli import main

main()
