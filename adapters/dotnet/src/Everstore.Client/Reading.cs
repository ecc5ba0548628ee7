using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>What is asked about journals, and what texts become.</summary>
    internal static class Reading
    {
        /// <summary>In place of a transaction's UID, which it never is: there is none on the server.</summary>
        public const uint NoTransaction = 0;

        /// <summary>After these nothing was written, for certain, and another connection or the next worker may do better.</summary>
        public static bool IsRepeatable(Exception error)
        {
            return error is ConnectionLostException || error is UnknownErrorException || error is NoSuchTransactionException;
        }

        /// <summary>What a transaction is: over native requests only the journal's size.</summary>
        public static async Task<Opened> OpenAsync(Performer performer, byte[] name, CancellationToken cancellation)
        {
            if (performer.Native == null)
                return await performer.AskAsync<Opened>(Requests.NewTransaction(name), cancellation).ConfigureAwait(false);
            var noneOfIt = NativeRequests.Fetch(name, 0, NativeRequests.All, false, FetchStart.Last);
            var found = await performer.FetchAsync(name, noneOfIt, cancellation).ConfigureAwait(false);
            return new Opened((long)found.End, NoTransaction, 0);
        }

        /// <summary>Rolling back is only told: the answer is the same, whatever became of the transaction.</summary>
        public static void End(Performer performer, byte[] name, Opened opened)
        {
            if (opened.Transaction != NoTransaction)
                performer.Tell(Requests.Rollback(name, opened.Worker, opened.Transaction));
        }

        /// <summary>The bytes between two positions of the journal that a transaction sees. Where nothing is new, nothing is asked.</summary>
        public static async Task<byte[]> RangeAsync(
            Performer performer,
            byte[] name,
            Opened opened,
            long since,
            long until,
            bool timestamps,
            CancellationToken cancellation)
        {
            if (since == opened.Size && until == opened.Size)
                return Utf8.Nothing;
            if (opened.Transaction != NoTransaction)
            {
                var read = Requests.Read(name, opened.Worker, since, until, timestamps);
                return await performer.AskAsync<byte[]>(read, cancellation).ConfigureAwait(false);
            }
            var fetch = NativeRequests.Fetch(name, (ulong)since, (ulong)until, timestamps);
            return (await performer.FetchAsync(name, fetch, cancellation).ConfigureAwait(false)).Text;
        }

        /// <summary>What was asked for, and the positions between which it stands.</summary>
        public static async Task<Fetched> ChosenAsync(
            Performer performer, byte[] name, ReadOptions options, bool timestamps, CancellationToken cancellation)
        {
            if (performer.Native != null)
                return await performer.FetchAsync(name, options.Fetch(name, timestamps), cancellation).ConfigureAwait(false);
            return await PickedAsync(performer, name, options, timestamps, cancellation).ConfigureAwait(false);
        }

        /// <summary>A former size of a journal, which is no negative number.</summary>
        public static long CheckedPosition(long position, string argument)
        {
            if (position < 0)
                throw new ArgumentOutOfRangeException(argument, position, "a journal's size is 0 or more");
            return position;
        }

        public static IReadOnlyList<Event> Events(byte[] text, bool timestamps)
        {
            return Array.ConvertAll(Lines.Split(text, Utf8.Strict), line => Event.Stored(line, timestamps));
        }

        /// <summary>As objects, or as they are when that is what is asked for.</summary>
        public static IReadOnlyList<T> Objects<T>(IReadOnlyList<Event> events, IEventSerializer serializer)
        {
            if (typeof(T) == typeof(Event))
                return (IReadOnlyList<T>)events;
            if (serializer == null)
                throw new InvalidOperationException("events become objects only with EverstoreOptions.Serializer");
            return events.Select(each => Cast<T>(each, serializer)).ToArray();
        }

        /// <summary>
        /// Over version 1. The server checks the positions; what else was asked for is chosen here, of lines with their times.
        /// </summary>
        private static async Task<Fetched> PickedAsync(
            Performer performer, byte[] name, ReadOptions options, bool timestamps, CancellationToken cancellation)
        {
            var opened = await OpenAsync(performer, name, cancellation).ConfigureAwait(false);
            End(performer, name, opened);
            var since = options.StartIs == FetchStart.Position ? (long)options.Start : 0;
            var until = options.EndIs == FetchEnd.Position ? (long)Math.Min(options.End, (ulong)opened.Size) : opened.Size;
            var stamped = timestamps || !options.IsRange;
            var text = await RangeAsync(performer, name, opened, since, until, stamped, cancellation).ConfigureAwait(false);
            if (options.IsRange)
                return new Fetched((ulong)since, (ulong)until, text);
            var picker = new Picker(text, options);
            var end = options.EndIs == FetchEnd.Time ? since + picker.BytesUntil : until;
            return new Fetched((ulong)since, (ulong)end, picker.Pick(timestamps));
        }

        private static T Cast<T>(Event stored, IEventSerializer serializer)
        {
            var value = serializer.Deserialize(stored);
            if (value is T wanted)
                return wanted;
            throw new UnreadableEventException($"an event of type {stored.Type} is a {value?.GetType().Name}, and no {typeof(T).Name}");
        }
    }
}
