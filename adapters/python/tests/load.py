"""So many one-event transactions at once, as every adapter's load does them, and how long they took:

python adapters/python/tests/load.py HOST PORT TRANSACTIONS IN_FLIGHT JOURNALS
"""

from __future__ import annotations

import json
import sys
import time

from everstore_client import EverstoreError, connect


def load(url: str, transactions: int, in_flight: int, journals: int) -> dict[str, float]:
    """The i-th appends `load.Counted {"n":i}` to the journal /load/ and i mod `journals`."""
    began = time.perf_counter()
    with connect(url) as client, client.pipeline(in_flight) as pipeline:
        results = [
            pipeline.append_raw(f"/load/{number % journals}", f'load.Counted {{"n":{number}}}')
            for number in range(transactions)
        ]
        pipeline.finish()
        seconds = time.perf_counter() - began
    errors = 0
    for result in results:
        try:
            result.result()
        except EverstoreError:
            errors += 1
    return {"transactions": transactions, "seconds": round(seconds, 3), "errors": errors}


if __name__ == "__main__":
    host, port, *numbers = sys.argv[1:]
    print(json.dumps(load(f"everstore://admin:passwd@{host}:{port}", *map(int, numbers))))  # noqa: T201
