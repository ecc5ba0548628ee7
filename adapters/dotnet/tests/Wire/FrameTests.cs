using System.Collections.Generic;
using System.Linq;
using Everstore.Client;
using Everstore.Client.Wire;
using Everstore.Tests.Contract;

namespace Everstore.Tests.Wire
{
    /// <summary>However the bytes come, the frames are the same.</summary>
    public static class FrameTests
    {
        private static readonly byte[] Greeting = { 0, 1, 1 };

        public static IEnumerable<object[]> Pieces => new[] { 1, 2, 3, 7, 19, 20, 21, 64, 100000 }.Select(each => new object[] { each, each });

        public static IEnumerable<object[]> NoGreetings => new[]
        {
            new object[] { "another order", new byte[] { 2, 1, 1 } },
            new object[] { "another version", new byte[] { 0, 2, 1 } },
            new object[] { "another login", new byte[] { 0, 1, 2 } },
            new object[] { "text", new byte[] { (byte)'H', (byte)'T', (byte)'T' } },
        };

        [Test(Cases = nameof(Pieces))]
        public static void FramesComeInPiecesOfAnySize(int size)
        {
            var vectors = Files.Vectors("replies").Where(each => (string)each["order"] != "big").ToList();
            var bytes = Greeting.Concat(vectors.SelectMany(each => Files.Bytes(each["frame"]))).ToArray();
            var cutter = new FrameCutter();
            Greeting greeting = null;
            var found = new List<Frame>();
            for (var at = 0; at < bytes.Length; at += size)
            {
                var piece = bytes.Skip(at).Take(size).ToArray();
                cutter.Feed(piece, piece.Length);
                greeting = greeting ?? cutter.Greeting();
                for (var frame = greeting == null ? null : cutter.Next(); frame != null; frame = cutter.Next())
                    found.Add(frame);
            }
            Check.True(greeting.MustLogIn && greeting.Order == ByteOrder.Little, "the greeting was not understood");
            Check.Equal(vectors.Select(each => (uint)each["uid"]), found.Select(each => each.Uid));
            Check.Equal(vectors.SelectMany(each => Files.Bytes(each["frame"]).Skip(20)), found.SelectMany(each => each.Body));
        }

        [Test(Cases = nameof(NoGreetings))]
        public static void AnotherGreetingIsNone(byte[] bytes)
        {
            var cutter = new FrameCutter();
            cutter.Feed(bytes, bytes.Length);
            Check.Throws<ProtocolException>(() => cutter.Greeting());
        }

        [Test]
        public static void AReplyThatIsTooLargeOrCompressedIsRubbish()
        {
            foreach (var header in new[] { "07000000 01000001 00000000 00000000 00000000", "07000000 04000000 00000000 02000000 00000000" })
            {
                var cutter = new FrameCutter();
                cutter.Feed(Greeting, 3);
                cutter.Greeting();
                var bytes = Files.Bytes(header);
                cutter.Feed(bytes, bytes.Length);
                Check.Throws<ProtocolException>(() => cutter.Next());
            }
        }
    }
}
