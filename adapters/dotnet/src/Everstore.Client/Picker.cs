using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// Chooses what was asked for from a journal's lines with their timestamps, as a server that knows native requests does by
    /// itself. Types are the only texts that are looked into, so each byte is held as one character.
    /// </summary>
    internal sealed class Picker
    {
        private const string BehindAll = "\uffff";
        private const ulong MillisecondsMax = 253402300799999;
        private static readonly Encoding Bytes = Encoding.GetEncoding("iso-8859-1");
        private static readonly DateTime Epoch = new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        private readonly ReadOptions options;
        private readonly string[] lines;
        private readonly string since;
        private readonly string until;
        private readonly HashSet<string> types;

        /// <summary>The lines are those between the positions of the options.</summary>
        public Picker(byte[] text, ReadOptions options)
        {
            this.options = options;
            lines = Lines.Split(text, Bytes);
            since = options.StartIs == FetchStart.Time ? Stamp(options.Start) : "";
            until = options.EndIs == FetchEnd.Time ? Stamp(options.End) : BehindAll;
            types = new HashSet<string>(options.Types.Select(each => Bytes.GetString(Utf8.Strict.GetBytes(each))));
        }

        /// <summary>How many of the bytes come before the time at which it ends: each line has its end besides.</summary>
        public long BytesUntil => lines.TakeWhile(IsBeforeEnd).Sum(each => each.Length + 1L);

        /// <summary>The chosen lines.</summary>
        public byte[] Pick(bool timestamps)
        {
            var found = lines.Where(IsWanted).ToList();
            if (options.IsFromEnd && (ulong)found.Count > options.Start)
                found.RemoveRange(0, found.Count - (int)options.Start);
            if (options.StartIs == FetchStart.LastBackwards)
                found.Reverse();
            var cut = timestamps ? 0 : Layouts.StampBytes;
            return Bytes.GetBytes(string.Join("\n", found.Select(each => each.Substring(Math.Min(cut, each.Length)))));
        }

        private static string Stamp(ulong milliseconds)
        {
            // There is no year of five digits.
            return milliseconds > MillisecondsMax
                ? BehindAll
                : Epoch.AddTicks((long)milliseconds * TimeSpan.TicksPerMillisecond).ToString(Event.StampFormat, CultureInfo.InvariantCulture);
        }

        private bool IsWanted(string line)
        {
            return string.CompareOrdinal(line, since) >= 0 && IsBeforeEnd(line) && (types.Count == 0 || types.Contains(TypeOf(line)));
        }

        /// <summary>A line of that very time is longer, and so sorts behind it.</summary>
        private bool IsBeforeEnd(string line)
        {
            return string.CompareOrdinal(line, until) < 0;
        }

        private static string TypeOf(string line)
        {
            var start = Math.Min(Layouts.StampBytes, line.Length);
            var space = line.IndexOf(' ', start);
            return line.Substring(start, (space < 0 ? line.Length : space) - start);
        }
    }
}
