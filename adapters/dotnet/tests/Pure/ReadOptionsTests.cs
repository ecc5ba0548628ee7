using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Everstore.Client;
using Everstore.Client.Wire;

namespace Everstore.Tests.Pure
{
    /// <summary>What is to be read, as a fetch says it; and what contradicts itself.</summary>
    public static class ReadOptionsTests
    {
        private const ulong All = NativeRequests.All;
        private const ulong NoonMs = 1795262400000;
        private static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

        public static IEnumerable<object[]> Said => new[]
        {
            Case("all", ReadOptions.All, "Position 0, Position " + All),
            Case("between positions", ReadOptions.All.Since(28).Until(56), "Position 28, Position 56"),
            Case("types", ReadOptions.All.OfTypes("A", "B", "A"), "Position 0, Position " + All + " A|B"),
            Case("between times", ReadOptions.All.Since(Noon).Until(Noon.AddMilliseconds(1)), $"Time {NoonMs}, Time {NoonMs + 1}"),
            Case("a bit later", ReadOptions.All.Since(Noon.AddTicks(1)), $"Time {NoonMs + 1}, Position {All}"),
            Case("a bit earlier", ReadOptions.All.Until(Noon.AddTicks(-1)), $"Position 0, Time {NoonMs}"),
            Case("another zone", ReadOptions.All.Since(Noon.ToOffset(TimeSpan.FromHours(5))), $"Time {NoonMs}, Position {All}"),
            Case("before 1970", ReadOptions.All.Since(Noon.AddYears(-60)), $"Time 0, Position {All}"),
            Case("the last moment", ReadOptions.All.Until(DateTimeOffset.MaxValue), "Position 0, Time 253402300800000"),
            Case("the last", ReadOptions.All.Last(3), $"Last 3, Position {All}"),
            Case("none of the last", ReadOptions.All.Until(28).Last(0), "Last 0, Position 28"),
            Case("the newest first", ReadOptions.All.NewestFirst(), $"LastBackwards {All}, Position {All}"),
            Case("the last, the newest first", ReadOptions.All.Last(3).NewestFirst(), $"LastBackwards 3, Position {All}"),
            Case("the newest first, the last", ReadOptions.All.NewestFirst().Last(3), $"LastBackwards 3, Position {All}"),
            Case("said again", ReadOptions.All.Since(28).Until(56).Since(Noon).Until(84), $"Time {NoonMs}, Position 84"),
        };

        public static IEnumerable<object[]> Contradictions => new Func<ReadOptions>[]
        {
            () => ReadOptions.All.Since(28).Last(3),
            () => ReadOptions.All.Since(0).Last(3),
            () => ReadOptions.All.Since(Noon).NewestFirst(),
            () => ReadOptions.All.Last(3).Since(28),
            () => ReadOptions.All.NewestFirst().Since(Noon),
        }.Select((each, n) => new object[] { n, each });

        public static IEnumerable<object[]> Impossible => new Func<ReadOptions>[]
        {
            () => ReadOptions.All.Since(-1),
            () => ReadOptions.All.Until(-1),
            () => ReadOptions.All.Last(-1),
            () => ReadOptions.All.InPagesOf(0),
        }.Select((each, n) => new object[] { n, each });

        [Test(Cases = nameof(Said))]
        public static void SaysWhatIsRead(ReadOptions options, string said)
        {
            var types = options.Types.Count == 0 ? "" : " " + string.Join("|", options.Types);
            Check.Equal(said, $"{options.StartIs} {options.Start}, {options.EndIs} {options.End}{types}");
        }

        [Test(Cases = nameof(Contradictions))]
        public static void WhatIsCountedFromTheEndHasNoStart(Func<ReadOptions> contradiction)
        {
            var error = Check.Throws<ArgumentException>(() => contradiction());
            Check.True(error.Message.Contains("counted from the journal's end"), error.Message);
        }

        [Test(Cases = nameof(Impossible))]
        public static void WhatCannotBeIsRefused(Func<ReadOptions> impossible)
        {
            Check.Throws<ArgumentOutOfRangeException>(() => impossible());
        }

        [Test]
        public static void ATypeThatCannotBeIsRefused()
        {
            Check.Throws<NotAcceptableException>(() => ReadOptions.All.OfTypes("A", "B C"));
            Check.Throws<ArgumentNullException>(() => ReadOptions.All.OfTypes(null));
        }

        [Test]
        public static void NothingChangesOptionsThatAreThere()
        {
            var first = ReadOptions.All.Since(28);
            first.Until(56).OfTypes("A").InPagesOf(7).Since(29);
            Check.Equal("28 True 1048576", $"{first.Start} {first.IsRange} {first.PageBytes}");
            Check.Equal(0UL, ReadOptions.All.Start);
        }

        [Test]
        public static void ItsRequestSaysAllOfIt()
        {
            var name = Encoding.UTF8.GetBytes("/a");
            var options = ReadOptions.All.Since(Noon).Until(56).OfTypes("A", "B");
            var said = NativeRequests.Fetch(name, NoonMs, 56, true, FetchStart.Time, FetchEnd.Position, Encoding.UTF8.GetBytes("A\nB"));
            Check.Equal(said.Encode(1, ByteOrder.Little), options.Fetch(name, true).Encode(1, ByteOrder.Little));
        }

        private static object[] Case(string name, ReadOptions options, string said)
        {
            return new object[] { name, options, said };
        }
    }
}
