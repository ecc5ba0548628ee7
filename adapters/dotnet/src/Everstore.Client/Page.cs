using System;
using System.Collections.Generic;

namespace Everstore.Client
{
    /// <summary>Some of a journal's events, of those that <see cref="EverstoreClient.ReadPagesAsync{T}"/> reads; there is one at least.</summary>
    /// <typeparam name="T">Of the client's serializer; or <see cref="Event"/>.</typeparam>
    public sealed class Page<T>
    {
        private readonly Lazy<IReadOnlyList<Event>> stamped;
        private readonly Lazy<IReadOnlyList<T>> events;

        internal Page(byte[] text, long end, IEventSerializer serializer)
        {
            End = end;
            stamped = new Lazy<IReadOnlyList<Event>>(() => Reading.Events(text, true));
            events = new Lazy<IReadOnlyList<T>>(() => Reading.Objects<T>(Stamped, serializer));
        }

        /// <summary>
        /// The events as objects, which are made when they are first looked at. As <see cref="Event"/>s they are <see cref="Stamped"/>.
        /// </summary>
        /// <exception cref="UnknownEventTypeException">The serializer has no class for an event's type.</exception>
        /// <exception cref="UnreadableEventException">An event does not fit its class, or is no <typeparamref name="T"/>.</exception>
        public IReadOnlyList<T> Events => events.Value;

        /// <summary>The same events with their timestamps.</summary>
        /// <exception cref="UnreadableEventException">They are not UTF-8.</exception>
        public IReadOnlyList<Event> Stamped => stamped.Value;

        /// <summary>The position behind the page, in bytes: <see cref="ReadOptions.Since(long)"/> it reading goes on.</summary>
        public long End { get; }
    }
}
