using System.Collections.Generic;
using System.Text;

namespace Everstore.Client.Wire
{
    /// <summary>A transaction was opened: the journal's size in bytes as it sees it, its UID, its worker.</summary>
    internal sealed class Opened
    {
        public readonly long Size;
        public readonly uint Transaction;
        public readonly uint Worker;

        public Opened(long size, uint transaction, uint worker)
        {
            Size = size;
            Transaction = transaction;
            Worker = worker;
        }
    }

    /// <summary>A commit was decided; not a success: a conflict. The size is the journal's now.</summary>
    internal sealed class Decided
    {
        public readonly bool Success;
        public readonly long Size;

        public Decided(bool success, long size)
        {
            Success = success;
            Size = size;
        }
    }

    /// <summary>One page of journal names; <see cref="More"/> when others follow the last of them.</summary>
    internal sealed class Listed
    {
        public readonly bool More;
        public readonly string[] Names;

        public Listed(bool more, string[] names)
        {
            More = more;
            Names = names;
        }
    }

    /// <summary>
    /// What the body of each reply says. Only <see cref="ProtocolException"/> leaves, whatever the bytes are.
    /// </summary>
    internal static class Replies
    {
        private delegate object Decoder(Frame frame, ByteOrder order);

        private static readonly Dictionary<uint, Decoder> Decoders = new Dictionary<uint, Decoder>
        {
            { Layouts.Error, (frame, order) => Numbers(frame, order, 1)[0] },
            { Layouts.NewTransaction, DecodeOpened },
            { Layouts.Commit, DecodeDecided },
            { Layouts.Rollback, DecodeByte },
            { Layouts.Read, DecodeText },
            { Layouts.Exists, DecodeByte },
            { Layouts.Status, DecodeText },
            { Layouts.List, DecodeListed },
            { Layouts.Native, (frame, order) => NativeReplies.DecodeHello(frame) },
            { Layouts.Append, (frame, order) => NativeReplies.DecodeOutcomes(frame) },
            { Layouts.Fetch, (frame, order) => NativeReplies.DecodeFetched(frame) },
            { Layouts.Lane, (frame, order) => NativeReplies.DecodeLane(frame) },
        };

        /// <summary>The reply in a frame, by its type: for a read the bytes of this one part, for an error its code.</summary>
        public static object Decode(Frame frame, ByteOrder order)
        {
            Decoder decoder;
            if (!Decoders.TryGetValue(frame.Kind, out decoder))
                throw new ProtocolException($"a reply has the unknown type {frame.Kind}");
            return decoder(frame, order);
        }

        private static uint[] Numbers(Frame frame, ByteOrder order, int count)
        {
            if (frame.Body.Length != 4 * count)
                throw new ProtocolException($"a reply of type {frame.Kind} has {frame.Body.Length} bytes, expected {4 * count}");
            var numbers = new uint[count];
            for (var i = 0; i < count; i++)
                numbers[i] = order.UInt32(frame.Body, 4 * i);
            return numbers;
        }

        private static object DecodeOpened(Frame frame, ByteOrder order)
        {
            var numbers = Numbers(frame, order, 2);
            if (numbers[1] == 0)
                throw new ProtocolException("a new transaction has the UID 0");
            return new Opened(numbers[0], numbers[1], frame.Worker);
        }

        private static object DecodeDecided(Frame frame, ByteOrder order)
        {
            var numbers = Numbers(frame, order, 2);
            return new Decided(Claim(frame, numbers[0]), numbers[1]);
        }

        private static object DecodeByte(Frame frame, ByteOrder order)
        {
            if (frame.Body.Length != 1)
                throw new ProtocolException($"a reply of type {frame.Kind} has {frame.Body.Length} bytes, expected 1");
            return Claim(frame, frame.Body[0]);
        }

        private static bool Claim(Frame frame, uint value)
        {
            if (value > 1)
                throw new ProtocolException($"a reply of type {frame.Kind} says {value} where only 0 or 1 can stand");
            return value == 1;
        }

        private static object DecodeText(Frame frame, ByteOrder order)
        {
            return Counted(frame, order, 0);
        }

        private static object DecodeListed(Frame frame, ByteOrder order)
        {
            var joined = Counted(frame, order, 4);
            var more = Claim(frame, order.UInt32(frame.Body, 0));
            try
            {
                return new Listed(more, joined.Length == 0 ? new string[0] : Utf8.Strict.GetString(joined).Split('\n'));
            }
            catch (DecoderFallbackException error)
            {
                throw new ProtocolException("a list of journals is not UTF-8", error);
            }
        }

        /// <summary>The bytes behind a number that counts them.</summary>
        private static byte[] Counted(Frame frame, ByteOrder order, int at)
        {
            if (frame.Body.Length < at + 4)
                throw new ProtocolException($"a reply of type {frame.Kind} has only {frame.Body.Length} bytes");
            var counted = order.UInt32(frame.Body, at);
            return NativeReplies.Rest(frame, at + 4, counted);
        }
    }
}
