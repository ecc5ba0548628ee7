using System;
using System.Collections.Generic;

namespace Everstore.Client.Wire
{
    /// <summary>The native requests, types 34 to 37: little endian, sizes of 64 bits. The server's PROTOCOL.md draws them.</summary>
    internal static class NativeRequests
    {
        public const uint Revision = 1;

        /// <summary>As the end of a fetch: all that is there.</summary>
        public const ulong All = ulong.MaxValue;

        /// <summary>Of a request besides its appends.</summary>
        public const int AppendsFixedBytes = 36;

        private const int FetchFixedBytes = 26;
        private static readonly uint[] NoNumbers = new uint[0];
        private static readonly byte[][] NoTexts = new byte[0][];

        public static Request Hello()
        {
            return new Request(Layouts.Native, new[] { Revision }, NoTexts);
        }

        /// <summary>That the connection become a lane of that worker, whose number is the answer.</summary>
        public static Request Lane(uint worker)
        {
            return new Request(Layouts.Lane, new[] { worker }, NoTexts);
        }

        /// <summary>All of one worker's journals.</summary>
        /// <param name="client">16 bytes.</param>
        /// <param name="run">Of the server, when they were sent for the first time.</param>
        /// <param name="answered">The client knows the outcomes of all its appends below.</param>
        /// <param name="worker">Whose journals they are for.</param>
        /// <param name="wanted">One or more.</param>
        public static Request Appends(byte[] client, ulong run, ulong answered, uint worker, IReadOnlyList<Append> wanted)
        {
            var size = AppendsFixedBytes;
            for (var i = 0; i < wanted.Count; i++)
                size += wanted[i].Size;
            var body = new byte[size];
            Buffer.BlockCopy(client, 0, body, 0, 16);
            ByteOrder.Little.Write(body, 16, run, 8);
            ByteOrder.Little.Write(body, 24, answered, 8);
            ByteOrder.Little.Write(body, 32, (ulong)wanted.Count, 4);
            var at = AppendsFixedBytes;
            for (var i = 0; i < wanted.Count; i++)
                at = wanted[i].WriteTo(body, at);
            return new Request(Layouts.Append, NoNumbers, new[] { body }, worker);
        }

        /// <summary>The journal's events between two places.</summary>
        /// <param name="name">The journal's.</param>
        /// <param name="start">As <paramref name="startIs"/> has it.</param>
        /// <param name="end">As <paramref name="endIs"/> has it.</param>
        /// <param name="timestamps">Whether each event comes with its time.</param>
        /// <param name="startIs">What the start is.</param>
        /// <param name="endIs">What the end is.</param>
        /// <param name="types">Only events of these, joined by newlines; null for all.</param>
        public static Request Fetch(
            byte[] name,
            ulong start,
            ulong end,
            bool timestamps,
            FetchStart startIs = FetchStart.Position,
            FetchEnd endIs = FetchEnd.Position,
            byte[] types = null)
        {
            types = types ?? Utf8.Nothing;
            var head = new byte[FetchFixedBytes];
            ByteOrder.Little.Write(head, 0, (ulong)name.Length, 4);
            ByteOrder.Little.Write(head, 4, (ulong)types.Length, 4);
            ByteOrder.Little.Write(head, 8, start, 8);
            ByteOrder.Little.Write(head, 16, end, 8);
            head[24] = (byte)startIs;
            head[25] = (byte)endIs;
            return new Request(Layouts.Fetch, NoNumbers, new[] { head, name, types }, 0, timestamps ? Layouts.Timestamps : 0);
        }
    }
}
