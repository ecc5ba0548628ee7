using System;
using System.Collections.Generic;
using System.Linq;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// What of a journal is to be read: <c>ReadOptions.All.Since(size).OfTypes("user.Renamed")</c>. It does not change: each method
    /// gives other options, and what it says takes the place of what was said of the same before.
    /// </summary>
    public sealed class ReadOptions
    {
        /// <summary>Everything, the oldest event first.</summary>
        public static readonly ReadOptions All = new ReadOptions();

        private static readonly DateTimeOffset Epoch = new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);

        /// <summary>Null when nothing was said of where it starts.</summary>
        private FetchStart? startIs;

        private ReadOptions()
        {
        }

        internal FetchStart StartIs => startIs ?? FetchStart.Position;

        /// <summary>A position, a time in milliseconds since 1970, or a number of events, as <see cref="StartIs"/> has it.</summary>
        internal ulong Start { get; private set; }

        /// <summary>Never <see cref="FetchEnd.Bytes"/>.</summary>
        internal FetchEnd EndIs { get; private set; } = FetchEnd.Position;

        /// <summary>As <see cref="EndIs"/> has it.</summary>
        internal ulong End { get; private set; } = NativeRequests.All;

        /// <summary>Empty for all.</summary>
        internal IReadOnlyList<string> Types { get; private set; } = new string[0];

        internal long PageBytes { get; private set; } = Limits.PageBytes;

        /// <summary>Whether it is counted from the journal's end.</summary>
        internal bool IsFromEnd => IsCountedFromEnd(StartIs);

        /// <summary>Whether it is all that stands between two positions.</summary>
        internal bool IsRange => StartIs == FetchStart.Position && EndIs == FetchEnd.Position && Types.Count == 0;

        /// <summary>Only what came later than a former size of the journal.</summary>
        /// <param name="position">In bytes, as a <see cref="CommitResult"/>, <see cref="Transaction"/> or <see cref="Page{T}"/> tells it.</param>
        /// <exception cref="ArgumentException">It is to be counted from the end, too.</exception>
        public ReadOptions Since(long position)
        {
            return StartingAt(FetchStart.Position, (ulong)Reading.CheckedPosition(position, nameof(position)));
        }

        /// <summary>Only events of then or later.</summary>
        /// <param name="time">Journals count in milliseconds: it is the first one that is not before it.</param>
        /// <exception cref="ArgumentException">It is to be counted from the end, too.</exception>
        public ReadOptions Since(DateTimeOffset time)
        {
            return StartingAt(FetchStart.Time, Milliseconds(time));
        }

        /// <summary>Only what stands before a former size of the journal; one past its size is its size.</summary>
        /// <param name="position">In bytes, as a <see cref="CommitResult"/>, <see cref="Transaction"/> or <see cref="Page{T}"/> tells it.</param>
        public ReadOptions Until(long position)
        {
            return EndingAt(FetchEnd.Position, (ulong)Reading.CheckedPosition(position, nameof(position)));
        }

        /// <summary>No events of then or later.</summary>
        /// <param name="time">Journals count in milliseconds: it is the first one that is not before it.</param>
        public ReadOptions Until(DateTimeOffset time)
        {
            return EndingAt(FetchEnd.Time, Milliseconds(time));
        }

        /// <summary>Only events of these types: their own, not further ones that their commits declared.</summary>
        /// <param name="types">None of them: of all types.</param>
        /// <exception cref="NotAcceptableException">One of them is no event type.</exception>
        public ReadOptions OfTypes(params string[] types)
        {
            if (types == null)
                throw new ArgumentNullException(nameof(types));
            var copy = Copy();
            copy.Types = types.Select(Names.EventType).Distinct().ToArray();
            return copy;
        }

        /// <summary>Only so many of the last events; with <see cref="OfTypes"/> of the last ones of these types.</summary>
        /// <exception cref="ArgumentException">It has a start, too.</exception>
        public ReadOptions Last(int count)
        {
            if (count < 0)
                throw new ArgumentOutOfRangeException(nameof(count), count, "a number of events is 0 or more");
            return StartingAt(IsFromEnd ? StartIs : FetchStart.Last, (ulong)count);
        }

        /// <summary>The last event comes first.</summary>
        /// <exception cref="ArgumentException">It has a start, too.</exception>
        public ReadOptions NewestFirst()
        {
            return StartingAt(FetchStart.LastBackwards, startIs == null ? NativeRequests.All : Start);
        }

        /// <summary>For <see cref="EverstoreClient.ReadPagesAsync{T}"/>: how large a page is. Other reads have none.</summary>
        /// <param name="bytes">Of the journal, timestamps included; 1 or more. A page goes on to the end of its last event.</param>
        public ReadOptions InPagesOf(long bytes)
        {
            if (bytes < 1)
                throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "a page has 1 byte or more");
            var copy = Copy();
            copy.PageBytes = bytes;
            return copy;
        }

        /// <summary>The request for it.</summary>
        internal Request Fetch(byte[] name, bool timestamps)
        {
            return NativeRequests.Fetch(name, Start, End, timestamps, StartIs, EndIs, TypesBytes());
        }

        /// <summary>As requests name them.</summary>
        internal byte[] TypesBytes()
        {
            return Types.Count == 0 ? Utf8.Nothing : Utf8.Strict.GetBytes(string.Join("\n", Types));
        }

        private static ulong Milliseconds(DateTimeOffset time)
        {
            var ticks = Math.Max(0, time.UtcTicks - Epoch.UtcTicks);
            return (ulong)((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
        }

        private static bool IsCountedFromEnd(FetchStart kind)
        {
            return kind == FetchStart.Last || kind == FetchStart.LastBackwards;
        }

        private static ArgumentException Contradiction()
        {
            return new ArgumentException("the last events, or the newest first, are counted from the journal's end: they cannot have a start, too");
        }

        private ReadOptions StartingAt(FetchStart kind, ulong start)
        {
            if (startIs != null && IsFromEnd != IsCountedFromEnd(kind))
                throw Contradiction();
            var copy = Copy();
            copy.startIs = kind;
            copy.Start = start;
            return copy;
        }

        private ReadOptions EndingAt(FetchEnd kind, ulong end)
        {
            var copy = Copy();
            copy.EndIs = kind;
            copy.End = end;
            return copy;
        }

        private ReadOptions Copy()
        {
            return (ReadOptions)MemberwiseClone();
        }
    }
}
