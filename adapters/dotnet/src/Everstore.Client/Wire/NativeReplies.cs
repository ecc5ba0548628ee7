using System;

namespace Everstore.Client.Wire
{
    /// <summary>What a server says of itself. <see cref="Run"/>: no other life of a server has it.</summary>
    internal sealed class Hello
    {
        public readonly uint Revision;
        public readonly uint Workers;
        public readonly uint RequestBytesMax;
        public readonly ulong Run;

        public Hello(uint revision, uint workers, uint requestBytesMax, ulong run)
        {
            Revision = revision;
            Workers = workers;
            RequestBytesMax = requestBytesMax;
            Run = run;
        }
    }

    /// <summary>
    /// What became of an append: code 0, 7 for a conflict, or an error; the position is the journal's size. The text holds a
    /// conflict's lines, timestamps included, behind the position that was asked with and up to <see cref="Until"/>.
    /// </summary>
    internal sealed class Outcome
    {
        public readonly uint Code;
        public readonly ulong Position;
        public readonly ulong Until;
        public readonly byte[] Text;

        public Outcome(uint code, ulong position, ulong until, byte[] text)
        {
            Code = code;
            Position = position;
            Until = until;
            Text = text;
        }
    }

    /// <summary>A part of a fetch: between start and end stands everything that was asked for; the text is this part's.</summary>
    internal sealed class Fetched
    {
        public readonly ulong Start;
        public readonly ulong End;
        public readonly byte[] Text;

        public Fetched(ulong start, ulong end, byte[] text)
        {
            Start = start;
            End = end;
            Text = text;
        }
    }

    /// <summary>
    /// What the bodies of the native replies say, types 34 to 37. Only <see cref="ProtocolException"/> leaves, whatever the
    /// bytes are.
    /// </summary>
    internal static class NativeReplies
    {
        private const int HelloBytes = 20;
        private const int OutcomeBytes = 24;
        private const int FetchedBytes = 20;
        private static readonly ByteOrder Order = ByteOrder.Little;

        public static Hello DecodeHello(Frame frame)
        {
            var body = frame.Body;
            if (body.Length != HelloBytes)
                throw new ProtocolException($"a native hello has {body.Length} bytes, expected {HelloBytes}");
            var found = new Hello(Order.UInt32(body, 0), Order.UInt32(body, 4), Order.UInt32(body, 8), Order.UInt64(body, 12));
            if (found.Workers == 0)
                throw new ProtocolException("a native hello speaks of no worker at all");
            return found;
        }

        public static object DecodeLane(Frame frame)
        {
            if (frame.Body.Length != 0)
                throw new ProtocolException($"the answer to the request for a lane has {frame.Body.Length} bytes, expected none");
            return frame.Worker;
        }

        public static Outcome[] DecodeOutcomes(Frame frame)
        {
            var body = frame.Body;
            if (body.Length < 4)
                throw new ProtocolException($"the outcomes of appends have only {body.Length} bytes");
            var count = Order.UInt32(body, 0);
            if (count > (body.Length - 4) / OutcomeBytes)
                throw Misfit(count, body);
            var found = new Outcome[count];
            var at = 4;
            for (var i = 0; i < found.Length; i++)
                found[i] = NextOutcome(body, ref at, count);
            if (at != body.Length)
                throw Misfit(count, body);
            return found;
        }

        public static Fetched DecodeFetched(Frame frame)
        {
            var body = frame.Body;
            if (body.Length < FetchedBytes)
                throw new ProtocolException($"a part of a fetch has only {body.Length} bytes");
            var text = Rest(frame, FetchedBytes, Order.UInt32(body, 16));
            return new Fetched(Order.UInt64(body, 0), Order.UInt64(body, 8), text);
        }

        /// <summary>What stands in a body from a place on, which must be as long as was counted.</summary>
        public static byte[] Rest(Frame frame, int at, uint counted)
        {
            var rest = new byte[frame.Body.Length - at];
            if (counted != rest.Length)
                throw new ProtocolException($"a reply of type {frame.Kind} counts {counted} bytes of {rest.Length}");
            Buffer.BlockCopy(frame.Body, at, rest, 0, rest.Length);
            return rest;
        }

        private static Outcome NextOutcome(byte[] body, ref int at, uint count)
        {
            if (body.Length - at < OutcomeBytes)
                throw Misfit(count, body);
            var textBytes = Order.UInt32(body, at + 20);
            if (textBytes > body.Length - at - OutcomeBytes)
                throw Misfit(count, body);
            var text = textBytes == 0 ? Utf8.Nothing : new byte[textBytes];
            Buffer.BlockCopy(body, at + OutcomeBytes, text, 0, text.Length);
            var outcome = new Outcome(Order.UInt32(body, at), Order.UInt64(body, at + 4), Order.UInt64(body, at + 12), text);
            at += OutcomeBytes + text.Length;
            return outcome;
        }

        private static ProtocolException Misfit(uint count, byte[] body)
        {
            return new ProtocolException($"{count} outcomes of appends do not fit into {body.Length} bytes");
        }
    }
}
