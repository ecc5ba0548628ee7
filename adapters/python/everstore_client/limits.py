"""Every limit and default of the client, each with its reason."""

from __future__ import annotations

from typing import Final

PORT: Final = 6929
USER: Final = "admin"
PASSWORD: Final = "passwd"

# What the adapters published so far open. More bring nothing: requests are pipelined on each.
CONNECTIONS: Final = 6

# Longer than a server needs to replace a worker or to wait for a busy disk, shorter than a person's patience.
TIMEOUT_S: Final = 30.0

# The field for it in the protocol has no more room.
CREDENTIAL_BYTES_MAX: Final = 32

NAME_BYTES_MIN: Final = 2
NAME_BYTES_MAX: Final = 1024
COMPONENT_BYTES_MAX: Final = 200

UINT16_MAX: Final = 2**16 - 1
UINT32_MAX: Final = 2**32 - 1
UINT64_MAX: Final = 2**64 - 1

# A server sends parts of 64 KiB; a larger size is rubbish, and to wait for its bytes would be to wait for ever.
REPLY_BYTES_MAX: Final = 16 * 1024 * 1024

# One system call then takes four parts of a long read; more was not measurably faster.
RECEIVE_BYTES: Final = 256 * 1024

# What a stream holds that its consumer has not taken yet; past it the connection is not read from.
STREAM_BYTES_MAX: Final = 1024 * 1024

# What waits to be sent on one async connection before those who ask for more have to wait.
OUTGOING_BYTES_MAX: Final = 1024 * 1024

# Below it a journal is read in one piece on a shared connection; above it a stream keeps the memory small.
READ_WHOLE_BYTES_MAX: Final = 4 * 1024 * 1024

# Enough to keep every worker's batches full, few enough that the answers stay in the caches.
PIPELINE_REQUESTS: Final = 256

# Appends that leave in one request, and their bytes: few enough that one answer and one batch hold them.
APPENDS_MAX: Final = 256
APPENDS_BYTES_MAX: Final = 256 * 1024

# Requests of appends to one worker that are on their way at once on a connection, before what comes waits for company.
APPENDS_UNDER_WAY: Final = 1

# Requests for a worker's journals on one connection before it opens a lane there: what asks now and then needs none.
LANE_REQUESTS_MIN: Final = 16

# Pauses before another lane is tried, when one was refused or lost: the first, and the longest.
LANE_PAUSE_S: Final = 0.1
LANE_PAUSE_S_MAX: Final = 30.0

# Appends behind the oldest one of unknown outcome, of one sender. A server remembers 4,096 and then takes no more.
OPEN_APPENDS_MAX: Final = 2048

# In which an append may be sent again; each time it waits no longer than that. A server knows it for two minutes.
RESEND_S: Final = 55.0

# Between two looks of an async connection for answers that are late; by so much they may be noticed too late.
PATIENCE_LOOK_S: Final = 5.0

# What one page of a listing asks for; the server stops at 64 KiB anyway.
LIST_NAMES: Final = 4096

# Pauses between tries to reach a server, and of a transaction that met a conflict: the first, and the longest.
RECONNECT_PAUSE_S: Final = 0.02
RECONNECT_PAUSE_S_MAX: Final = 1.0
CONFLICT_PAUSE_S: Final = 0.001
CONFLICT_PAUSE_S_MAX: Final = 0.25
CONFLICT_ATTEMPTS: Final = 10

# How often what only asks is asked while workers and connections die; the pauses between take a second, two at most.
ASK_ATTEMPTS: Final = 8

MEMORY_SNAPSHOTS: Final = 10_000

# To fold so many events again takes less than to keep a snapshot for each of them.
SNAPSHOT_EVENTS: Final = 100
