"""`python -m everstore_bench`, where its command is not installed."""

from everstore_bench.main import main

main()
