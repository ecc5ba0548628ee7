using System;

namespace Everstore.Client.Wire
{
    /// <summary>Under which an append may happen.</summary>
    internal enum Condition : byte
    {
        None = 0,
        New = 1,
        Unchanged = 2,
    }

    /// <summary>One native append. Types are joined by newlines; the position counts with <see cref="Condition.Unchanged"/> only.</summary>
    internal sealed class Append
    {
        /// <summary>Of an append besides its texts.</summary>
        public const int FixedBytes = 27;

        public readonly ulong Sequence;
        public readonly ulong Position;
        public readonly Condition Condition;
        public readonly byte[] Name;
        public readonly byte[] Declares;
        public readonly byte[] Depends;
        public readonly byte[] Events;

        public Append(ulong sequence, ulong position, Condition condition, byte[] name, byte[] declares, byte[] depends, byte[] events)
        {
            Sequence = sequence;
            Position = position;
            Condition = condition;
            Name = name;
            Declares = declares;
            Depends = depends;
            Events = events;
        }

        /// <summary>In bytes, of the whole.</summary>
        public int Size => FixedBytes + Name.Length + Declares.Length + Depends.Length + Events.Length;

        /// <summary>Writes it, and returns where it ends.</summary>
        public int WriteTo(byte[] body, int at)
        {
            var order = ByteOrder.Little;
            order.Write(body, at, Sequence, 8);
            order.Write(body, at + 8, Position, 8);
            body[at + 16] = (byte)Condition;
            order.Write(body, at + 17, (ulong)Name.Length, 2);
            order.Write(body, at + 19, (ulong)Declares.Length, 2);
            order.Write(body, at + 21, (ulong)Depends.Length, 2);
            order.Write(body, at + 23, (ulong)Events.Length, 4);
            at = Put(body, at + FixedBytes, Name);
            at = Put(body, at, Declares);
            at = Put(body, at, Depends);
            return Put(body, at, Events);
        }

        private static int Put(byte[] body, int at, byte[] text)
        {
            Buffer.BlockCopy(text, 0, body, at, text.Length);
            return at + text.Length;
        }
    }
}
