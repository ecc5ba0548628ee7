"""Every limit of the server, in one place, each with its reason. Sizes are in bytes, times in seconds."""

# ---- before login: whoever has not logged in gets next to nothing --------------------------------------------------
LOGIN_FRAME_BYTES_MAX = 4096  # a login needs 92 bytes; the rest is for a client that pads
LOGIN_S_MAX = 5.0  # a login is one packet; a slow line needs a second
LOGINS_MAX = 512  # connections that wait for their login: half of the connections allowed by default, some 15 KiB each
LOGINS_PER_ADDRESS_MAX = 128  # of these from one address: a large pool behind one router; loopback may have all
CREDENTIAL_BYTES_MAX = 32  # the published protocol's own limit for user and password

# ---- users of a file, and their logins -----------------------------------------------------------------------------
USERS_FILE_BYTES_MAX = 4 * 1024 * 1024  # ten thousand users; it is read in one piece, between two requests
USER_PREFIXES_MAX = 64  # each costs a comparison in every request of that user
HASH_LOG_N = 14  # scrypt's N = 2^14, r = 8, p = 5: as strong as 2^17, 8, 1 (OWASP holds them equal), with an eighth
HASH_R = 8  # of its memory: 16 MiB, so that a machine of 128 can verify. It takes 0.2 s, which the cache of verified
HASH_P = 5  # logins makes a cost of the first login only.
HASH_SALT_BYTES = 16  # no two hashes of all that will ever be made share one
HASH_DIGEST_BYTES = 32  # 256 bits: guessing the password is always less work
HASH_MEMORY_BYTES_MAX = 128 * 1024 * 1024  # of a hash that somebody else has made: OWASP's largest
HASH_WORK_MAX = 2**20  # and its N * r * p: half a second
LOGINS_QUEUED_MAX = 32  # that wait for the verifier: what it does within LOGIN_VERIFY_S_MAX, at 0.2 s each
LOGIN_VERIFY_S_MAX = 10.0  # then the client is better served by trying again
VERIFIED_PER_ADDRESS_MAX = 64  # that wait for each other: those of one program's pools, and of its neighbours
LOGINS_REMEMBERED = 1024  # verified pairs, so that a program that comes back waits for no hash; 100 bytes each
FAILURE_PAUSE_S_FIRST = 0.1  # after a wrong login, until the next one of that address is looked at; doubled for each,
FAILURE_PAUSE_S_LAST = 5.0  # up to this: 17,000 guesses a day
FAILURES_FORGOTTEN_S = 60.0  # without a further one: a person who has looked up the password need not wait
FAILING_ADDRESSES_MAX = 4096  # remembered; beyond it the one that has been quiet the longest is forgotten
VERIFIER_PAUSE_S = 1.0  # before a verifier that died is started again

# ---- names and journals --------------------------------------------------------------------------------------------
NAME_BYTES_MIN = 2  # the slash, and something behind it
NAME_BYTES_MAX = 1024  # well below PATH_MAX (4096), with room for the journal directory in front
COMPONENT_BYTES_MAX = 200  # below NAME_MAX (255), with room for ".log.torn-<time>"
JOURNAL_BYTES_MAX = 2**32 - 1  # version 1 speaks of sizes and positions in 32 bits
NATIVE_JOURNAL_BYTES_MAX = 2**62  # the native requests in 64; no file system has files as large

# ---- one connection, after login -----------------------------------------------------------------------------------
RECEIVE_BYTES = 64 * 1024  # one read of a socket
REPLY_BODY_BYTES_MAX = 65_536  # the protocol's: a larger reply is sent in parts
IN_FLIGHT_MAX = 2048  # requests of one connection that wait for an answer; past it the connection is not read from
IN_FLIGHT_BYTES_MAX = 1024 * 1024  # and their bytes; one request of any allowed size always passes
OWED_BYTES_MAX = 256 * 1024  # answers that a client has not taken; past it the connection is not read from
CREDIT_BYTES = 192 * 1024  # read replies that a worker may send ahead to one connection: three parts, so none waits
SHUTDOWN_S_MAX = 10.0  # for clients to take their last answers when the server stops
SHUTDOWN_POLL_S = 0.01  # between two looks whether they have
RUBBISH_LINGER_S = 1.0  # for the refusal to reach a client that is being closed before it has stopped sending
STALLED_S_MAX = 60.0  # without an answer that comes or is taken, until a client that sends no more is given up
FRAME_S_MAX = 30.0  # in which a request that has begun to arrive must have arrived, or gone on with
FRAME_BYTES_PER_S_MIN = 4 * 1024  # this rate: a quarter of the slowest line that anybody has; 16 MiB take an hour then
PRESSED_S_MAX = 5.0  # the same while others wait for memory: a stall of a healthy network is over by then,
PRESSED_BYTES_PER_S_MIN = 256 * 1024  # and two megabits a second are a slow line
REQUEST_BYTES = 256  # what a request in flight takes besides its body
WATCH_S = 1.0  # between two looks at all clients; every limit of time above is this coarse
WATCH_AT_ONCE = 100  # looks in a row, some 0.2 ms
COMPLAINTS_PER_S_MAX = 20  # log lines about clients that were closed; more say nothing new
TLS_OWED_BYTES_MAX = 512 * 1024  # of TLS itself, which no client owes in good faith; twice what one send encrypts
KEEPALIVE_S_FIRST = 60  # of silence, until the kernel asks whether a client's machine is still there,
KEEPALIVE_S_NEXT = 10  # and again,
KEEPALIVE_TRIES = 6  # so often: a dead one is found out in two minutes, and its transactions end

# ---- between supervisor and worker ---------------------------------------------------------------------------------
WORKERS_MAX = 256  # more processes than any one machine has use for
CHANNEL_RECEIVE_BYTES = 64 * 1024  # one read of the channel by a worker: many requests at once, and still little memory
RELAY_RECEIVE_BYTES = 120 * 1024  # and by the supervisor: nearly two parts of a long read; no more, see heap.py
CHANNEL_BACKLOG_BYTES_MAX = 8 * 1024 * 1024  # requests that a worker has not taken; past it connections wait
WORKER_YOUNG_S = 5.0  # a worker that dies within this time after its start died young; the first is replaced at once,
WORKER_PAUSE_S_FIRST = 0.1  # the second in a row after this pause, doubled for each further one,
WORKER_PAUSE_S_LAST = 30.0  # up to this
WORKER_POLL_S = 0.005  # between two looks whether a worker that has closed its channel has ended
WORKER_PULSE_S = 5.0  # between two signs of life of a worker that has nothing else to say, and two looks for them
WORKER_SILENT_LOOKS_MAX = 6  # in a row; then it hangs, and is ended: half a minute, as long as a program waits
WORKER_EXIT_S_MAX = 1.0  # from the end of its channel to that of its process; then it is killed
TEMPLATE_S_MAX = 5.0  # in which the template forks a worker, some milliseconds, or is replaced
WORKER_STOP_S_MAX = 30.0  # for a worker to finish, sync and leave; then it is killed and repaired at the next start

# ---- one worker ----------------------------------------------------------------------------------------------------
BATCH_BYTES_MAX = 256 * 1024  # requests taken into one batch, which are in memory at once; one larger than this passes
BATCH_REQUESTS_MAX = 512  # and no more than so many, some milliseconds; by then the sync is a small part of each
TURN_REQUESTS = 16  # of one connection in a row, when more than a batch takes are waiting
TURNS_BYTES_MAX = 256 * 1024  # requests that wait for their batch; past it no more are received
PIECE_BYTES = 64 * 1024  # of what is written; a larger commit is stamped and written piece by piece
OPEN_FILES_MAX = 512  # journal files a worker keeps open; each further one costs 20 µs, with its folder and its name
CACHED_JOURNALS_MAX = 512  # journals whose size and last timestamp a worker remembers
IDLE_JOURNAL_S = 10.0  # a journal that nobody used for so long is forgotten, and its file closed
TRANSACTIONS_MAX = 16_384  # open at once in one worker, some 300 bytes each
TYPES_PER_JOURNAL_MAX = 4096  # types remembered for one journal while transactions are open on it,
TYPE_BYTES_PER_JOURNAL_MAX = 512 * 1024  # and their bytes: names twice as long as any language's, for all of them
TYPE_BYTES_MAX = 16 * 1024 * 1024  # the same for all journals of a worker, with
TYPE_OWN_BYTES = 128  # what remembering a type takes besides its name
ENDED_TRANSACTIONS_REMEMBERED = 4096  # so that error 4 (too late) can be told from error 6 (never heard of)
OUTCOMES_S = 150.0  # for which an append may be sent again: two minutes, and what the repetition needs to arrive
OUTCOMES_PER_CLIENT_MAX = 4096  # that a client has not heard of yet: twice what it may have in flight
OUTCOME_CLIENTS_MAX = 4096  # that have appended within that time, 27 new ones a second, some 400 bytes each
REMEMBERED_TYPES_BYTES_MAX = 256 * 1024  # of all journals, written at each checkpoint
LANES_MAX = 128  # of one worker: beside its journal files they fit into the 1,024 descriptors that a process has
LANES_SPARE_FILES = 32  # descriptors that a worker has besides journals and lanes, with room for more of them
LANES_BEGUN_BYTES_MAX = 4 * 1024 * 1024  # requests over 64 KiB that lanes have begun to send; a larger one comes alone
LANES_OWED_BYTES_MAX = 4 * 1024 * 1024  # answers that all lanes have not taken; past it they are served frugally
READ_BYTES = 64 * 1024  # one read of a journal file
LIST_PREFIXES_MAX = 64  # of one listing; each costs a comparison for every entry
LIST_STEP_ENTRIES = 512  # directory entries looked at between two batches, about a millisecond

# ---- the disk ------------------------------------------------------------------------------------------------------
COMMIT_LOG_BYTES = 4 * 1024 * 1024  # preallocated; twice as much halves the checkpoints, and doubles what a start reads
RESERVE_BYTES = 4 * 1024 * 1024  # of free space that commits leave alone, so that repair and the commit log find room
BLOCK_BYTES = 4096  # what the smallest append may cost on disk

# ---- everstore backup ----------------------------------------------------------------------------------------------
BACKUP_REQUESTS = 128  # journals asked for at once: more were not faster,
BACKUP_PIECE_BYTES = 64 * 1024  # each answered by so much at most, one part; a longer one is streamed by itself
