"""The limit of a push: signed requests from 32 threads, and nothing else."""

import sys
from concurrent.futures import ThreadPoolExecutor

from benchmarks.peers import gate
from benchmarks.peers.given import record

THREADS = 32

if __name__ == "__main__":
    events = [record(number) for number in range(int(sys.argv[1]))]
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(gate.push, events):
            pass
