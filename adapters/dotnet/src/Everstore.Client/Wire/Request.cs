using System;

namespace Everstore.Client.Wire
{
    /// <summary>
    /// A request: its numbers and texts, which <see cref="Encode"/> turns into bytes once the byte order and the UID are known.
    /// </summary>
    internal sealed class Request
    {
        public readonly uint Kind;
        public readonly uint Worker;
        private readonly uint properties;
        private readonly uint[] numbers;
        private readonly byte[][] texts;

        /// <param name="kind">The type in the header.</param>
        /// <param name="numbers">Stand first, each in four bytes.</param>
        /// <param name="texts">Follow them as they are.</param>
        /// <param name="worker">Of the header.</param>
        /// <param name="properties">Of the header.</param>
        public Request(uint kind, uint[] numbers, byte[][] texts, uint worker = 0, uint properties = 0)
        {
            Kind = kind;
            Worker = worker;
            this.properties = properties;
            this.numbers = numbers;
            this.texts = texts;
        }

        /// <summary>The whole frame.</summary>
        /// <exception cref="TooLargeException">Its body has more bytes than can be sent in one piece.</exception>
        public byte[] Encode(uint uid, ByteOrder order)
        {
            var frame = new byte[Layouts.HeaderBytes + BodyBytes()];
            var at = 0;
            foreach (var number in new[] { Kind, (uint)(frame.Length - Layouts.HeaderBytes), uid, properties, Worker })
                at = Put(frame, at, number, order);
            foreach (var number in numbers)
                at = Put(frame, at, number, order);
            foreach (var text in texts)
            {
                Buffer.BlockCopy(text, 0, frame, at, text.Length);
                at += text.Length;
            }
            return frame;
        }

        private static int Put(byte[] frame, int at, uint number, ByteOrder order)
        {
            order.Write(frame, at, number, 4);
            return at + 4;
        }

        private int BodyBytes()
        {
            var size = 4L * numbers.Length;
            foreach (var text in texts)
                size += text.Length;
            if (size > int.MaxValue - Layouts.HeaderBytes)
                throw new TooLargeException($"a request of {size} bytes is more than can be sent in one piece");
            return (int)size;
        }
    }
}
