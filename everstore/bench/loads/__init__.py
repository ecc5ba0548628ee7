"""What is measured, one file a load."""

from __future__ import annotations

from everstore.bench.loads import bulk, growth, hot, memory, size, small, workers
from everstore.bench.measuring import Load

LOADS: dict[str, Load] = {
    load.name: load for load in (small.LOAD, bulk.LOAD, hot.LOAD, size.LOAD, workers.LOAD, memory.LOAD, growth.LOAD)
}
