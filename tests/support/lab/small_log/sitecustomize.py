"""Put in front of a server's modules, this makes its commit logs so small that a short workload meets checkpoints; and
breaks it, where a test is to find that.
"""

import os

from everstore import limits

limits.COMMIT_LOG_BYTES = int(os.environ["EVERSTORE_TEST_LOG_BYTES"])
if os.environ.get("EVERSTORE_TEST_BREAK"):
    from support.lab.breaks import IN_THE_SERVER

    IN_THE_SERVER[os.environ["EVERSTORE_TEST_BREAK"]]()
