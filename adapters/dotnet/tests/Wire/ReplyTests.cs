using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Everstore.Client;
using Everstore.Client.Wire;
using Everstore.Tests.Contract;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Wire
{
    /// <summary>Each reply says what its vector says, and nothing else than a <see cref="ProtocolException"/> leaves a decoder.</summary>
    public static class ReplyTests
    {
        private static readonly uint[] Kinds = { 1, 4, 5, 6, 7, 8, 32, 33, 34, 35, 36, 37 };

        public static IEnumerable<object[]> Vectors => Files.Vectors("replies").Select(each => new object[] { each["name"], each });

        public static IEnumerable<object[]> Impossible => new[]
        {
            new object[] { "transaction 0", 4u, new byte[] { 7, 0, 0, 0, 0, 0, 0, 0 } },
            new object[] { "success 2", 5u, new byte[] { 2, 0, 0, 0, 7, 0, 0, 0 } },
            new object[] { "exists 2", 8u, new byte[] { 2 } },
            new object[] { "more 2", 33u, new byte[] { 2, 0, 0, 0, 0, 0, 0, 0 } },
            new object[] { "names that are not UTF-8", 33u, new byte[] { 0, 0, 0, 0, 1, 0, 0, 0, 0xff } },
            new object[] { "unknown type", 9u, new byte[0] },
            new object[] { "no workers", 34u, new byte[20] },
            new object[] { "more outcomes than bytes", 35u, new byte[] { 255, 255, 255, 255 } },
        };

        [Test(Cases = nameof(Vectors))]
        public static void SaysWhatItsVectorSays(JObject vector)
        {
            var cutter = new FrameCutter();
            var order = OrderOf(vector);
            var frame = Cut(cutter, vector, order).Single();
            Check.Equal((uint)vector["uid"], frame.Uid);
            Check.Equal((uint?)vector["worker"] ?? frame.Worker, frame.Worker);
            if (frame.Kind != Layouts.List)
                Check.Equal((bool?)vector["more"] ?? false, frame.IsPart);
            Check.Equal(Expected(vector), Said(Replies.Decode(frame, order)));
        }

        [Test(Cases = nameof(Vectors))]
        public static void ABodyOfAnyOtherLengthIsRefused(JObject vector)
        {
            var order = OrderOf(vector);
            var frame = Cut(new FrameCutter(), vector, order).Single();
            var others = Enumerable.Range(0, frame.Body.Length).Select(count => frame.Body.Take(count).ToArray()).ToList();
            others.Add(frame.Body.Concat(new byte[1]).ToArray());
            foreach (var body in others)
                Check.Throws<ProtocolException>(() => Replies.Decode(new Frame(frame.Kind, frame.Uid, 0, frame.Worker, body), order));
        }

        [Test(Cases = nameof(Impossible))]
        public static void WhatCannotBeIsRefused(uint kind, byte[] body)
        {
            Check.Throws<ProtocolException>(() => Replies.Decode(new Frame(kind, 1, 0, 1, body), ByteOrder.Little));
        }

        [Test]
        public static void RubbishLeavesOnlyAsAProtocolException()
        {
            var seeded = new Random(6929);
            var refused = 0;
            for (var i = 0; i < 20000; i++)
            {
                var body = new byte[seeded.Next(60)];
                seeded.NextBytes(body);
                try
                {
                    Replies.Decode(new Frame(Kinds[seeded.Next(Kinds.Length)], 1, 0, 1, body), ByteOrder.Little);
                }
                catch (ProtocolException)
                {
                    refused++;
                }
            }
            Check.True(refused > 15000, $"{refused} of 20000 were refused");
        }

        private static ByteOrder OrderOf(JObject vector)
        {
            return (string)vector["order"] == "big" ? ByteOrder.Big : ByteOrder.Little;
        }

        private static List<Frame> Cut(FrameCutter cutter, JObject vector, ByteOrder order)
        {
            var hello = new byte[] { (byte)(order == ByteOrder.Big ? 1 : 0), 1, 0 };
            cutter.Feed(hello, hello.Length);
            cutter.Greeting();
            var data = Files.Bytes(vector["frame"]);
            cutter.Feed(data, data.Length);
            var frames = new List<Frame>();
            for (var frame = cutter.Next(); frame != null; frame = cutter.Next())
                frames.Add(frame);
            return frames;
        }

        private static object Expected(JObject vector)
        {
            switch ((string)vector["reply"])
            {
                case "error": return vector["code"].ToString();
                case "new transaction": return $"{vector["size"]} {vector["transaction"]} {vector["worker"]}";
                case "commit": return $"{vector["success"]} {vector["size"]}";
                case "rollback": return vector["done"].ToString();
                case "exists": return vector["exists"].ToString();
                case "read":
                case "status": return vector["text"].ToString();
                case "list journals": return $"{vector["more"]} {string.Join("|", vector["journals"])}";
                case "native": return $"{vector["revision"]} {vector["workers"]} {vector["request_bytes_max"]} {vector["run"]}";
                case "lane": return vector["worker"].ToString();
                case "fetch": return $"{vector["start"]} {vector["end"]} {vector["text"]}";
                default:
                    return string.Join("|", vector["outcomes"].Select(each => $"{each["code"]} {each["position"]} {each["until"]} {each["text"]}"));
            }
        }

        private static object Said(object reply)
        {
            if (reply is Opened opened)
                return $"{opened.Size} {opened.Transaction} {opened.Worker}";
            if (reply is Decided decided)
                return $"{decided.Success} {decided.Size}";
            if (reply is Listed listed)
                return $"{listed.More} {string.Join("|", listed.Names)}";
            if (reply is Hello hello)
                return $"{hello.Revision} {hello.Workers} {hello.RequestBytesMax} {hello.Run}";
            if (reply is Fetched fetched)
                return $"{fetched.Start} {fetched.End} {Encoding.UTF8.GetString(fetched.Text)}";
            if (reply is Outcome[] outcomes)
                return string.Join("|", outcomes.Select(each => $"{each.Code} {each.Position} {each.Until} {Encoding.UTF8.GetString(each.Text)}"));
            return reply is byte[] text ? Encoding.UTF8.GetString(text) : reply.ToString();
        }
    }
}
