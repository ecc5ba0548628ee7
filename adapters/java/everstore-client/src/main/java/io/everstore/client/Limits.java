package io.everstore.client;

import java.time.Duration;

/** Every limit and default of the client, each with its reason. */
public final class Limits {
    public static final int PORT = 6929;
    public static final String USER = "admin";
    public static final String PASSWORD = "passwd";

    /** What the adapters published so far open. More bring nothing: requests are pipelined on each. */
    public static final int CONNECTIONS = 6;

    /** Longer than a server needs to replace a worker or to wait for a busy disk, shorter than a person's patience. */
    public static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** The field for it in the protocol has no more room. */
    public static final int CREDENTIAL_BYTES_MAX = 32;

    public static final int NAME_BYTES_MIN = 2;
    public static final int NAME_BYTES_MAX = 1024;
    public static final int COMPONENT_BYTES_MAX = 200;

    /** A server sends parts of 64 KiB; a larger size is rubbish, and to wait for its bytes would be to wait for ever. */
    public static final int REPLY_BYTES_MAX = 16 * 1024 * 1024;

    /** One system call then takes four parts of a long read. */
    public static final int RECEIVE_BYTES = 256 * 1024;

    /** What is joined for one system call. */
    public static final int SEND_BYTES = 256 * 1024;

    /** Operations under way at once: a worker's batches are full with far fewer. */
    public static final int OPERATIONS_IN_FLIGHT = 4096;

    /** Bytes of events and of expected replies under way at once. */
    public static final long BYTES_IN_FLIGHT = 16L * 1024 * 1024;

    /** What a read counts for among them: one part of it, since nobody knows how many there are. */
    public static final int READ_BYTES = 64 * 1024;

    /** A page of a journal: a few milliseconds' work for all, and what it costs to ask for it is nothing beside that. */
    public static final long PAGE_BYTES = 1024 * 1024;

    /** Of one read: a text of so many bytes fits into one string, whatever stands there. */
    public static final long READ_BYTES_MAX = 1024 * 1024 * 1024 - 16;

    /** Operations that were begun and are not over. One more fails at once, so that a fast producer does not fill the memory. */
    public static final int PENDING_OPERATIONS = 65_536;

    /** The bytes of their events. */
    public static final long PENDING_BYTES = 256L * 1024 * 1024;

    /** Appends that leave in one request, and their bytes: few enough that one answer and one batch hold them. */
    public static final int APPENDS_MAX = 256;
    public static final int APPENDS_BYTES_MAX = 256 * 1024;

    /** Requests of appends to one worker that are on their way at once on a connection, before what comes waits for company. */
    public static final int APPENDS_UNDER_WAY = 1;

    /** Requests for a worker's journals on one connection before it opens a lane there: what asks now and then needs none. */
    public static final int LANE_REQUESTS_MIN = 16;

    /** Pauses before another lane is tried, when one was refused or lost: the first, and the longest. */
    public static final Duration LANE_PAUSE = Duration.ofMillis(100);
    public static final Duration LANE_PAUSE_MAX = Duration.ofSeconds(30);

    /** Appends behind the oldest one of unknown outcome, of one sender. A server remembers 4,096 and then takes no more. */
    public static final int OPEN_APPENDS_MAX = 2048;

    /** In which an append may be sent again; each time it waits no longer than that. A server knows it for two minutes. */
    public static final Duration RESEND = Duration.ofSeconds(55);

    /** Between two looks for answers that are late; by so much they may be noticed too late. */
    public static final Duration PATIENCE_LOOK = Duration.ofSeconds(1);

    /** What one page of a listing asks for; the server stops at 64 KiB anyway. */
    public static final int LIST_NAMES = 4096;

    /** Pauses between tries to reach a server: the first, and the longest. */
    public static final Duration RECONNECT_PAUSE = Duration.ofMillis(20);
    public static final Duration RECONNECT_PAUSE_MAX = Duration.ofSeconds(1);

    /** Pauses of a transaction that met a conflict before it is run again, and how often it is run at most. */
    public static final Duration CONFLICT_PAUSE = Duration.ofMillis(1);
    public static final Duration CONFLICT_PAUSE_MAX = Duration.ofMillis(250);
    public static final int CONFLICT_ATTEMPTS = 10;

    /** How often what only asks is asked while workers and connections die; the pauses between make it 1.5 seconds. */
    public static final int ASK_ATTEMPTS = 8;

    /** Callbacks that run at once before one that blocks gets a further thread in its place. */
    public static final int CALLBACK_THREADS_MIN = 2;

    private Limits() {}
}
