using System;

namespace Everstore.Client
{
    /// <summary>
    /// The base of whatever an Everstore client throws, but for argument errors and cancellation.
    /// </summary>
    /// <remarks>
    /// Was the commit written? A <see cref="Conflict"/> and every exception say no, for certain. Only
    /// <see cref="OutcomeUnknownException"/> says: perhaps.
    /// </remarks>
    public abstract class EverstoreException : Exception
    {
        /// <summary>An exception with its reason.</summary>
        protected EverstoreException(string message, Exception inner) : base(message, inner)
        {
        }
    }

    /// <summary>A connection URL or option that cannot be used; the message names the part. Nothing was sent.</summary>
    public sealed class BadUrlException : EverstoreException
    {
        /// <summary>An exception with its reason.</summary>
        public BadUrlException(string message, Exception inner = null) : base(message, inner)
        {
        }
    }

    /// <summary>
    /// No connection, or one that ended before the answer. Nothing was written: of a commit that may have been, it is an
    /// <see cref="OutcomeUnknownException"/>.
    /// </summary>
    public sealed class ConnectionLostException : EverstoreException
    {
        /// <summary>An exception with its reason.</summary>
        public ConnectionLostException(string message, Exception inner = null) : base(message, inner)
        {
        }
    }

    /// <summary>
    /// No part of the answer came in time. Nothing was written: of a commit that may have been, it is an
    /// <see cref="OutcomeUnknownException"/>.
    /// </summary>
    public sealed class RequestTimeoutException : EverstoreException
    {
        /// <summary>An exception with its reason.</summary>
        public RequestTimeoutException(string message, Exception inner = null) : base(message, inner)
        {
        }
    }

    /// <summary>The peer's bytes are not the protocol; the connection was closed. The only exception that leaves a decoder.</summary>
    public sealed class ProtocolException : EverstoreException
    {
        /// <summary>An exception with its reason.</summary>
        public ProtocolException(string message, Exception inner = null) : base(message, inner)
        {
        }
    }

    /// <summary>A transaction was used after it was committed, rolled back or lost: a mistake in the calling program.</summary>
    public sealed class TransactionEndedException : EverstoreException
    {
        /// <summary>An exception with its reason.</summary>
        public TransactionEndedException(string message, Exception inner = null) : base(message, inner)
        {
        }
    }

    /// <summary>The serializer has no class for an event's type, or no type for an object's class. Nothing was sent.</summary>
    public sealed class UnknownEventTypeException : EverstoreException
    {
        /// <summary>An exception about a type.</summary>
        public UnknownEventTypeException(string message, string type, Exception inner = null) : base(message, inner)
        {
            Type = type;
        }

        /// <summary>The event type, or the class's name, that is not known.</summary>
        public string Type { get; }
    }

    /// <summary>A stored event is not UTF-8, not JSON, or does not fit the class that its type stands for.</summary>
    public sealed class UnreadableEventException : EverstoreException
    {
        /// <summary>An exception with its reason.</summary>
        public UnreadableEventException(string message, Exception inner = null) : base(message, inner)
        {
        }
    }

    /// <summary>
    /// The answer to a commit was lost: its events were written, or were not. Over native requests the server was asked again
    /// before, until the timeout, or said that it cannot know, or the commit was cancelled after it was sent; to a server of
    /// version 1 it is never sent again. Read the journal to find out.
    /// </summary>
    public sealed class OutcomeUnknownException : EverstoreException
    {
        /// <summary>An exception about a commit to a journal; <paramref name="inner"/> is what happened.</summary>
        public OutcomeUnknownException(string journal, Exception inner)
            : base($"the commit to {journal} may or may not have happened: {inner?.Message}", inner)
        {
            Journal = journal;
        }

        /// <summary>The journal's name.</summary>
        public string Journal { get; }
    }

    /// <summary>What <see cref="CommitResult.EnsureCommitted"/> throws in place of a conflict. Nothing was written.</summary>
    public sealed class ConflictException : EverstoreException
    {
        /// <summary>An exception about a conflict.</summary>
        public ConflictException(Conflict conflict) : base(conflict.ToString(), null)
        {
            Conflict = conflict;
        }

        /// <summary>What was in the way.</summary>
        public Conflict Conflict { get; }
    }

    /// <summary>An answer of the server with an error code.</summary>
    public abstract class ServerException : EverstoreException
    {
        /// <summary>An exception for a code of the protocol.</summary>
        protected ServerException(int code, string message, Exception inner) : base(message, inner)
        {
            Code = code;
        }

        /// <summary>The protocol's number for it.</summary>
        public int Code { get; }
    }

    /// <summary>
    /// Code 1: the worker died with the request in flight, too many transactions are open, or the request was wrong. Nothing
    /// was written: of a commit that may have been, it is an <see cref="OutcomeUnknownException"/>.
    /// </summary>
    public sealed class UnknownErrorException : ServerException
    {
        /// <summary>An exception for code 1, or for one that this client does not know.</summary>
        public UnknownErrorException(string message, int code = 1, Exception inner = null) : base(code, message, inner)
        {
        }
    }

    /// <summary>Code 2: the user or the password is wrong.</summary>
    public sealed class AuthenticationFailedException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public AuthenticationFailedException(string message, Exception inner = null) : base(2, message, inner)
        {
        }
    }

    /// <summary>Code 3: the worker named in the request does not exist.</summary>
    public sealed class NoSuchWorkerException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public NoSuchWorkerException(string message, Exception inner = null) : base(3, message, inner)
        {
        }
    }

    /// <summary>Code 4: the transaction idled past its lifetime on a server of version 1. Nothing was written.</summary>
    public sealed class TransactionExpiredException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public TransactionExpiredException(string message, Exception inner = null) : base(4, message, inner)
        {
        }
    }

    /// <summary>Code 5: the journal could not be read, or a position is no former size of it, or the start is behind the end.</summary>
    public sealed class CannotReadException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public CannotReadException(string message, Exception inner = null) : base(5, message, inner)
        {
        }
    }

    /// <summary>Code 6: a server of version 1 does not know the transaction: its worker was replaced. Nothing was written.</summary>
    public sealed class NoSuchTransactionException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public NoSuchTransactionException(string message, Exception inner = null) : base(6, message, inner)
        {
        }
    }

    /// <summary>Code 8: the name breaks a rule of journal names. Mostly seen before anything is sent.</summary>
    public sealed class InvalidJournalNameException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public InvalidJournalNameException(string message, Exception inner = null) : base(8, message, inner)
        {
        }
    }

    /// <summary>Code 13: an event or its type cannot stand on one line of a journal. Mostly seen before anything is sent.</summary>
    public sealed class NotAcceptableException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public NotAcceptableException(string message, Exception inner = null) : base(13, message, inner)
        {
        }
    }

    /// <summary>
    /// Code 14: the journal, or the request, is past what its sizes can say, or a read is more than can be held. Nothing was
    /// written.
    /// </summary>
    public sealed class TooLargeException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public TooLargeException(string message, Exception inner = null) : base(14, message, inner)
        {
        }
    }

    /// <summary>Code 15: the server's disk is full, or the journal is damaged. Nothing was written.</summary>
    public sealed class CannotWriteException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public CannotWriteException(string message, Exception inner = null) : base(15, message, inner)
        {
        }
    }

    /// <summary>Code 16: the user may only read, or may not touch this journal. Nothing was written.</summary>
    public sealed class NotAllowedException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public NotAllowedException(string message, Exception inner = null) : base(16, message, inner)
        {
        }
    }

    /// <summary>Code 17: the position that an append goes behind is past the journal's end. Nothing was written.</summary>
    public sealed class NoSuchPositionException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public NoSuchPositionException(string message, Exception inner = null) : base(17, message, inner)
        {
        }
    }

    /// <summary>Code 18: the connection cannot become a lane now. The client goes on without; no call throws it.</summary>
    public sealed class NoLaneException : ServerException
    {
        /// <summary>An exception with its reason.</summary>
        public NoLaneException(string message, Exception inner = null) : base(18, message, inner)
        {
        }
    }
}
