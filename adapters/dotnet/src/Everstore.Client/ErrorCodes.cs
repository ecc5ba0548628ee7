using System;
using System.Collections.Generic;

namespace Everstore.Client
{
    /// <summary>From the codes of the wire to exceptions.</summary>
    internal static class ErrorCodes
    {
        public const uint Conflict = 7;

        private static readonly Dictionary<uint, Func<string, Exception, ServerException>> ByCode =
            new Dictionary<uint, Func<string, Exception, ServerException>>
            {
                { 2, (text, inner) => new AuthenticationFailedException(text, inner) },
                { 3, (text, inner) => new NoSuchWorkerException(text, inner) },
                { 4, (text, inner) => new TransactionExpiredException(text, inner) },
                { 5, (text, inner) => new CannotReadException(text, inner) },
                { 6, (text, inner) => new NoSuchTransactionException(text, inner) },
                { 8, (text, inner) => new InvalidJournalNameException(text, inner) },
                { 13, (text, inner) => new NotAcceptableException(text, inner) },
                { 14, (text, inner) => new TooLargeException(text, inner) },
                { 15, (text, inner) => new CannotWriteException(text, inner) },
                { 16, (text, inner) => new NotAllowedException(text, inner) },
                { 17, (text, inner) => new NoSuchPositionException(text, inner) },
                { 18, (text, inner) => new NoLaneException(text, inner) },
            };

        private static readonly Dictionary<uint, string> Meanings = new Dictionary<uint, string>
        {
            { 1, "the worker died with the request in flight, or the request was wrong" },
            { 2, "the user or the password is wrong" },
            { 3, "the worker named in the request does not exist" },
            { 4, "the transaction idled past its lifetime on the server" },
            { 5, "the journal could not be read, or there is no such position in it" },
            { 6, "the server does not know the transaction" },
            { 8, "the name breaks a rule of journal names" },
            { 13, "an event or its type cannot stand on one line of a journal" },
            { 14, "the journal, or the request, is past what its sizes can say" },
            { 15, "the server's disk is full, or the journal is damaged" },
            { 16, "the user may only read, or may not touch this journal" },
            { 17, "the position is past the journal's end" },
            { 18, "the connection cannot become a lane now" },
        };

        /// <summary>The exception for a code; one that is not known becomes an <see cref="UnknownErrorException"/>.</summary>
        public static ServerException ToException(uint code, Exception inner = null)
        {
            string meaning;
            var text = (Meanings.TryGetValue(code, out meaning) ? meaning : "the server answered an unknown error") + $" (code {code})";
            Func<string, Exception, ServerException> make;
            return ByCode.TryGetValue(code, out make) ? make(text, inner) : new UnknownErrorException(text, (int)code, inner);
        }

        /// <summary>One exception for each request that fails: of a shared one, callers would mix up the stack traces.</summary>
        public static EverstoreException CopyOf(EverstoreException error)
        {
            if (error is ServerException server)
                return ToException((uint)server.Code, error);
            if (error is ProtocolException)
                return new ProtocolException(error.Message, error);
            if (error is RequestTimeoutException)
                return new RequestTimeoutException(error.Message, error);
            return new ConnectionLostException(error.Message, error);
        }
    }
}
