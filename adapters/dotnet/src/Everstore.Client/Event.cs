using System;
using System.Collections.Generic;
using System.Globalization;

namespace Everstore.Client
{
    /// <summary>
    /// One event: a type, its data – by custom JSON on one line – and when it was committed, if that was asked for.
    /// </summary>
    public sealed class Event : IEquatable<Event>
    {
        internal const string StampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff";

        private static readonly string[] None = new string[0];
        private readonly string stamp;

        /// <summary>An event to be appended.</summary>
        /// <param name="type">No space, no comma, no control character.</param>
        /// <param name="data">Any text on one line, not empty; by custom JSON. It is taken as it is.</param>
        /// <param name="furtherTypes">What its commit declares besides its type.</param>
        /// <exception cref="NotAcceptableException">It cannot stand on one line of a journal.</exception>
        public Event(string type, string data, params string[] furtherTypes)
        {
            Type = Names.EventType(type);
            Data = CheckedData(data);
            foreach (var further in furtherTypes)
                Names.EventType(further);
            FurtherTypes = furtherTypes;
        }

        private Event(string stamp, string type, string data)
        {
            this.stamp = stamp;
            Type = type;
            Data = data;
            FurtherTypes = None;
        }

        /// <summary>The event's type.</summary>
        public string Type { get; }

        /// <summary>What stands behind the type, as it stands there.</summary>
        public string Data { get; }

        /// <summary>What its commit declares besides its type; none for an event that was read.</summary>
        public IReadOnlyList<string> FurtherTypes { get; }

        /// <summary>When it was committed, in UTC; null unless it was read with timestamps.</summary>
        /// <exception cref="UnreadableEventException">The stored line does not start with a time.</exception>
        public DateTimeOffset? Timestamp => stamp == null ? (DateTimeOffset?)null : Moment(stamp);

        /// <summary>As it stands in its journal behind the time: <c>type SP data</c>.</summary>
        public string Line => Type + " " + Data;

        /// <summary>The event of a line <c>type SP data</c>.</summary>
        /// <exception cref="NotAcceptableException">It is no such line.</exception>
        public static Event FromLine(string line)
        {
            if (line == null)
                throw new ArgumentNullException(nameof(line));
            var space = line.IndexOf(' ');
            if (space < 0 || space == line.Length - 1)
                throw new NotAcceptableException($"the line \"{Start(line)}\" is not an event's type, a space and its data");
            return new Event(line.Substring(0, space), line.Substring(space + 1));
        }

        /// <summary>Whether type, data and time are the same.</summary>
        public bool Equals(Event other)
        {
            return other != null && Type == other.Type && Data == other.Data && stamp == other.stamp;
        }

        /// <inheritdoc />
        public override bool Equals(object other)
        {
            return Equals(other as Event);
        }

        /// <inheritdoc />
        public override int GetHashCode()
        {
            return Type.GetHashCode() ^ Data.GetHashCode();
        }

        /// <inheritdoc />
        public override string ToString()
        {
            return stamp == null ? Line : stamp + " " + Line;
        }

        /// <summary>The event of a line of a journal, which starts with its time when <paramref name="hasStamp"/>.</summary>
        internal static Event Stored(string line, bool hasStamp)
        {
            string stamp = null;
            var start = 0;
            if (hasStamp)
            {
                start = Math.Min(line.Length, Wire.Layouts.StampBytes);
                stamp = line.Substring(0, Math.Max(0, start - 1));
            }
            var space = line.IndexOf(' ', start);
            return space < 0
                ? new Event(stamp, line.Substring(start), "")
                : new Event(stamp, line.Substring(start, space - start), line.Substring(space + 1));
        }

        private static string CheckedData(string data)
        {
            if (string.IsNullOrEmpty(data))
                throw new NotAcceptableException("an event's data is empty");
            if (data.IndexOf('\n') >= 0 || data.IndexOf('\0') >= 0)
                throw new NotAcceptableException($"the event's data \"{Start(data)}\" holds a newline or a NUL");
            return data;
        }

        private static string Start(string text)
        {
            return text.Length > 80 ? text.Substring(0, 80) : text;
        }

        private static DateTimeOffset Moment(string stamp)
        {
            DateTimeOffset moment;
            if (!DateTimeOffset.TryParseExact(stamp, StampFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out moment))
                throw new UnreadableEventException($"a line starts with \"{stamp}\", which is no timestamp");
            return moment;
        }
    }
}
