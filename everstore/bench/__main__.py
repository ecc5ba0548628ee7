"""`python -m everstore.bench`, where its command is not installed."""

from everstore.bench.main import main

main()
