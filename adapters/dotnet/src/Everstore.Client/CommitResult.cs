using System;
using System.Collections.Generic;

namespace Everstore.Client
{
    /// <summary>
    /// What became of a commit or an append that the server has decided: it is written, durably, or met a conflict, and nothing
    /// of it is written. Look at <see cref="IsCommitted"/>, or call <see cref="EnsureCommitted"/>.
    /// </summary>
    public sealed class CommitResult
    {
        internal CommitResult(string journal, long size, int events)
        {
            Journal = journal;
            Size = size;
            Events = events;
        }

        internal CommitResult(Conflict conflict)
        {
            Journal = conflict.Journal;
            Size = conflict.Size;
            Conflict = conflict;
        }

        /// <summary>The journal's name.</summary>
        public string Journal { get; }

        /// <summary>The journal's size in bytes now: a later <c>since</c>, or what <see cref="AppendCondition.After(long)"/> is about.</summary>
        public long Size { get; }

        /// <summary>How many events were written.</summary>
        public int Events { get; }

        /// <summary>What was in the way; null when it is written.</summary>
        public Conflict Conflict { get; }

        /// <summary>Whether it is written.</summary>
        public bool IsCommitted => Conflict == null;

        /// <summary>This result, when it is written.</summary>
        /// <exception cref="ConflictException">It is not.</exception>
        public CommitResult EnsureCommitted()
        {
            if (Conflict != null)
                throw new ConflictException(Conflict);
            return this;
        }

        /// <inheritdoc />
        public override string ToString()
        {
            return IsCommitted ? $"{Events} events to {Journal}, {Size} bytes now" : Conflict.ToString();
        }
    }

    /// <summary>
    /// Another commit to the journal declared one of the same types meanwhile, or one that the append depended on. Nothing was
    /// written.
    /// </summary>
    public sealed class Conflict
    {
        private readonly Func<IReadOnlyList<Event>> events;
        private readonly IEventSerializer serializer;

        internal Conflict(string journal, IReadOnlyList<string> types, long size)
        {
            Journal = journal;
            Types = types;
            Size = size;
        }

        internal Conflict(
            string journal,
            IReadOnlyList<string> types,
            long size,
            long until,
            Func<IReadOnlyList<Event>> events,
            IEventSerializer serializer)
            : this(journal, types, size)
        {
            Until = until;
            this.events = events;
            this.serializer = serializer;
        }

        /// <summary>The journal's name.</summary>
        public string Journal { get; }

        /// <summary>The types that the refused commit declared, or that the refused append depended on.</summary>
        public IReadOnlyList<string> Types { get; }

        /// <summary>The journal's size in bytes when it was refused, to append after once the events have been looked at.</summary>
        public long Size { get; }

        /// <summary>
        /// The size up to which <see cref="Events"/> reach, below <see cref="Size"/> when there were too many to come along; null
        /// when the server, of version 1, did not tell.
        /// </summary>
        public long? Until { get; }

        /// <summary>What came since, with its times; null when the server, of version 1, did not tell.</summary>
        /// <exception cref="UnreadableEventException">They are not UTF-8.</exception>
        public IReadOnlyList<Event> Events => events?.Invoke();

        /// <summary>The same, as objects.</summary>
        /// <exception cref="InvalidOperationException">The client has no serializer.</exception>
        /// <exception cref="UnknownEventTypeException">The serializer has no class for one of them.</exception>
        /// <exception cref="UnreadableEventException">One does not fit its class.</exception>
        public IReadOnlyList<T> EventsAs<T>()
        {
            return events == null ? null : Reading.Objects<T>(events(), serializer);
        }

        /// <inheritdoc />
        public override string ToString()
        {
            return $"conflict on {Journal}: another commit declared one of {string.Join(", ", Types)}";
        }
    }
}
