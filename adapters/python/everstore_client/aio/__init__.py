"""The async shell, for trio and asyncio alike; needs anyio, which the extra `async` brings."""
