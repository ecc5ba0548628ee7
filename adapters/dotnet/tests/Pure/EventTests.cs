using System;
using System.Collections.Generic;
using System.Linq;
using Everstore.Client;

namespace Everstore.Tests.Pure
{
    /// <summary>What an event is, and what cannot be one.</summary>
    public static class EventTests
    {
        public static IEnumerable<object[]> BadTypes =>
            new[] { "", "a b", "a,b", "a\n", "a\t", "\0", "a\u0085", "\ud800", "x\udc00" }.Select((each, n) => new object[] { n, each });

        public static IEnumerable<object[]> BadData =>
            new[] { "", "a\nb", "a\0" }.Select((each, n) => new object[] { n, each });

        [Test(Cases = nameof(BadTypes))]
        public static void SuchATypeIsRefused(string type)
        {
            Check.Throws<NotAcceptableException>(() => new Event(type, "1"));
            Check.Throws<NotAcceptableException>(() => new Event("A", "1", type));
        }

        [Test(Cases = nameof(BadData))]
        public static void SuchDataIsRefused(string data)
        {
            Check.Throws<NotAcceptableException>(() => new Event("A", data));
            Check.Throws<NotAcceptableException>(() => Event.FromLine("A " + data));
        }

        [Test]
        public static void ALineIsAnEvent()
        {
            var one = Event.FromLine("user.Renamed {\"name\": \"Pär 😀\"}");
            Check.Equal(new Event("user.Renamed", "{\"name\": \"Pär 😀\"}"), one);
            Check.Equal("user.Renamed {\"name\": \"Pär 😀\"}", one.Line);
            Check.Equal(null, one.Timestamp);
            Check.True(!one.Equals(new Event("user.Renamed", "1")), "their data differ");
        }

        [Test]
        public static void AStoredLineHasATime()
        {
            var one = Event.Stored("2026-11-21T12:00:00.123 A 1 2", true);
            Check.Equal(new DateTimeOffset(2026, 11, 21, 12, 0, 0, 123, TimeSpan.Zero), one.Timestamp);
            Check.Equal("A 1 2", one.Line);
            Check.Throws<UnreadableEventException>(() => Event.Stored("no time at all, and more of it A 1", true).Timestamp.ToString());
        }
    }
}
