using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Everstore.Client;

namespace Everstore.Tests.Pure
{
    /// <summary>What is chosen of a journal's lines where the server cannot choose.</summary>
    public static class PickerTests
    {
        private static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

        private static readonly string[] Lines =
        {
            "2026-11-21T12:00:00.000 A 1", "2026-11-21T12:00:00.000 AB 2", "2026-11-21T12:00:00.001 Ä ü", "2026-11-21T12:00:00.002 A 4",
        };

        public static IEnumerable<object[]> Choices => new[]
        {
            Case("all", ReadOptions.All, 0, 1, 2, 3),
            Case("since a time", ReadOptions.All.Since(Noon.AddTicks(1)), 2, 3),
            Case("since the first", ReadOptions.All.Since(Noon), 0, 1, 2, 3),
            Case("until a time", ReadOptions.All.Until(Noon.AddMilliseconds(1)), 0, 1),
            Case("until the first", ReadOptions.All.Until(Noon)),
            Case("at one time", ReadOptions.All.Since(Noon.AddMilliseconds(1)).Until(Noon.AddMilliseconds(2)), 2),
            Case("since ever", ReadOptions.All.Since(DateTimeOffset.MinValue), 0, 1, 2, 3),
            Case("since there will be no journals", ReadOptions.All.Since(DateTimeOffset.MaxValue)),
            Case("until then", ReadOptions.All.Until(DateTimeOffset.MaxValue), 0, 1, 2, 3),
            Case("a type", ReadOptions.All.OfTypes("A"), 0, 3),
            Case("types", ReadOptions.All.OfTypes("Ä", "AB"), 1, 2),
            Case("the last", ReadOptions.All.Last(2), 2, 3),
            Case("the last of a type", ReadOptions.All.OfTypes("A").Last(1).Until(Noon.AddMilliseconds(2)), 0),
            Case("more than there are", ReadOptions.All.Last(5), 0, 1, 2, 3),
            Case("none", ReadOptions.All.Last(0)),
            Case("the newest first", ReadOptions.All.NewestFirst(), 3, 2, 1, 0),
            Case("the last, the newest first", ReadOptions.All.NewestFirst().Last(2), 3, 2),
        };

        [Test(Cases = nameof(Choices))]
        public static void ChoosesTheSameAsAServer(ReadOptions options, string[] chosen)
        {
            foreach (var behind in new[] { "", "\n", "\0" })
            {
                var picker = new Picker(Encoding.UTF8.GetBytes(string.Join("\n", Lines) + behind), options);
                Check.Equal(string.Join("\n", chosen), Encoding.UTF8.GetString(picker.Pick(true)));
                Check.Equal(string.Join("\n", chosen.Select(each => each.Substring(24))), Encoding.UTF8.GetString(picker.Pick(false)));
            }
        }

        [Test]
        public static void KnowsWhereATimeStands()
        {
            var text = Encoding.UTF8.GetBytes(string.Join("\n", Lines));
            Check.Equal(28L + 29, new Picker(text, ReadOptions.All.Until(Noon.AddMilliseconds(1))).BytesUntil);
            Check.Equal(text.Length + 1L, new Picker(text, ReadOptions.All.Until(Noon.AddDays(1))).BytesUntil);
            Check.Equal(0L, new Picker(text, ReadOptions.All.Until(Noon)).BytesUntil);
            Check.Equal(0L, new Picker(new byte[0], ReadOptions.All.Until(Noon)).BytesUntil);
        }

        [Test]
        public static void OfWhatIsNoEventNothingIsLost()
        {
            var picker = new Picker(new byte[] { 0xff, (byte)'\n', (byte)'B' }, ReadOptions.All);
            Check.Equal(new byte[] { 0xff, (byte)'\n', (byte)'B' }, picker.Pick(true));
            Check.Equal("\n", Encoding.UTF8.GetString(picker.Pick(false)));
        }

        private static object[] Case(string name, ReadOptions options, params int[] chosen)
        {
            return new object[] { name, options, chosen.Select(each => Lines[each]).ToArray() };
        }
    }
}
