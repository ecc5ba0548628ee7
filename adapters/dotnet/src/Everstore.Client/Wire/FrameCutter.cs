using System;

namespace Everstore.Client.Wire
{
    /// <summary>What the server says first.</summary>
    internal sealed class Greeting
    {
        public readonly ByteOrder Order;
        public readonly bool MustLogIn;

        public Greeting(ByteOrder order, bool mustLogIn)
        {
            Order = order;
            MustLogIn = mustLogIn;
        }
    }

    /// <summary>
    /// Cuts the bytes that come, in whatever pieces, into a greeting and frames. Only <see cref="ProtocolException"/> leaves it.
    /// </summary>
    internal sealed class FrameCutter
    {
        private byte[] buffer = new byte[4096];
        private int start;
        private int end;
        private ByteOrder order = ByteOrder.Little;

        public void Feed(byte[] data, int count)
        {
            MakeRoom(count);
            Buffer.BlockCopy(data, 0, buffer, end, count);
            end += count;
        }

        /// <summary>The greeting, once its three bytes are there, else null; call it until it is, and never again.</summary>
        public Greeting Greeting()
        {
            if (end - start < Layouts.HelloBytes)
                return null;
            int first = buffer[start], version = buffer[start + 1], login = buffer[start + 2];
            if (first > 1 || version != Layouts.Version || login > 1)
                throw new ProtocolException($"the peer speaks another protocol: its hello is {first}, {version}, {login}");
            start += Layouts.HelloBytes;
            order = first == 0 ? ByteOrder.Little : ByteOrder.Big;
            return new Greeting(order, login == 1);
        }

        /// <summary>The next frame that is whole, or null.</summary>
        public Frame Next()
        {
            if (end - start < Layouts.HeaderBytes)
                return null;
            var size = Checked(order.UInt32(buffer, start), order.UInt32(buffer, start + 4), order.UInt32(buffer, start + 12));
            if (end - start < Layouts.HeaderBytes + size)
                return null;
            var body = new byte[size];
            Buffer.BlockCopy(buffer, start + Layouts.HeaderBytes, body, 0, size);
            var frame = new Frame(
                order.UInt32(buffer, start),
                order.UInt32(buffer, start + 8),
                order.UInt32(buffer, start + 12),
                order.UInt32(buffer, start + 16),
                body);
            start += Layouts.HeaderBytes + size;
            return frame;
        }

        private static int Checked(uint kind, uint size, uint properties)
        {
            if (size > Limits.ReplyBytesMax)
                throw new ProtocolException($"a reply of type {kind} claims {size} bytes, at most {Limits.ReplyBytesMax} are taken");
            if ((properties & Layouts.Compressed) != 0)
                throw new ProtocolException($"a reply of type {kind} is compressed, which this protocol version never is");
            return (int)size;
        }

        private void MakeRoom(int count)
        {
            var held = end - start;
            if (end + count <= buffer.Length)
                return;
            var target = held + count <= buffer.Length ? buffer : new byte[Math.Max(2 * buffer.Length, held + count)];
            Buffer.BlockCopy(buffer, start, target, 0, held);
            buffer = target;
            start = 0;
            end = held;
        }
    }
}
