using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// Who a client is to a worker that it appends to: 16 random bytes, under which it numbers its appends, and says with
    /// each request below which number it knows all outcomes. Laws: no two appends of a sender have the same number;
    /// <see cref="Answered"/> passes no append whose outcome is still waited for.
    /// </summary>
    internal sealed class Sender
    {
        public readonly byte[] Client = new byte[16];
        private readonly bool[] isOpen = new bool[Limits.OpenAppendsMax];
        private ulong lowest = 1;
        private ulong next = 1;

        public Sender()
        {
            using (var random = RandomNumberGenerator.Create())
                random.GetBytes(Client);
        }

        /// <summary>It knows the outcomes of all below.</summary>
        public ulong Answered
        {
            get
            {
                lock (isOpen)
                    return lowest;
            }
        }

        /// <summary>
        /// The sequence of a further append; 0 when the server would have to remember so many outcomes that another sender had
        /// better go on.
        /// </summary>
        public ulong Begin()
        {
            lock (isOpen)
            {
                if (next - lowest >= Limits.OpenAppendsMax)
                    return 0;
                isOpen[next % Limits.OpenAppendsMax] = true;
                return next++;
            }
        }

        /// <summary>Its outcome is known, or nobody will ask for it again.</summary>
        public void End(ulong sequence)
        {
            lock (isOpen)
            {
                isOpen[sequence % Limits.OpenAppendsMax] = false;
                while (lowest < next && !isOpen[lowest % Limits.OpenAppendsMax])
                    lowest++;
            }
        }
    }

    /// <summary>Those of one client: one for each worker, and another while one waits for the outcome of an old append.</summary>
    internal sealed class Senders
    {
        private readonly Dictionary<ulong, Sender> ofWorker = new Dictionary<ulong, Sender>();

        /// <summary>Who sends the next append to a worker, of so many, and its sequence.</summary>
        public Sender Begin(uint worker, uint workers, out ulong sequence)
        {
            var key = (ulong)workers << 32 | worker;
            lock (ofWorker)
            {
                Sender sender;
                sequence = ofWorker.TryGetValue(key, out sender) ? sender.Begin() : 0;
                if (sequence != 0)
                    return sender;
                ofWorker[key] = sender = new Sender();
                sequence = sender.Begin();
                return sender;
            }
        }
    }

    /// <summary>A server that knows the native requests: what it said of itself, and who appends to it.</summary>
    internal sealed class Native
    {
        public readonly Hello Hello;
        private readonly Senders senders;

        public Native(Hello hello, Senders senders)
        {
            Hello = hello;
            this.senders = senders;
        }

        /// <summary>The worker of a journal, as the server's document has it.</summary>
        public uint WorkerOf(byte[] name)
        {
            return (uint)((ulong)unchecked(Crc32.Of(name) * 0x9E3779B1u) * Hello.Workers >> 32) + 1;
        }

        /// <summary>Who sends the next append to a worker, and its sequence.</summary>
        public Sender Begin(uint worker, out ulong sequence)
        {
            return senders.Begin(worker, Hello.Workers, out sequence);
        }
    }

    /// <summary>The CRC-32 of zlib, which the framework has not.</summary>
    internal static class Crc32
    {
        private static readonly uint[] Table = MakeTable();

        public static uint Of(byte[] data)
        {
            var crc = uint.MaxValue;
            foreach (var each in data)
                crc = Table[(crc ^ each) & 0xFF] ^ crc >> 8;
            return ~crc;
        }

        private static uint[] MakeTable()
        {
            var table = new uint[256];
            for (uint i = 0; i < table.Length; i++)
            {
                var crc = i;
                for (var bit = 0; bit < 8; bit++)
                    crc = (crc & 1) == 1 ? 0xEDB88320u ^ crc >> 1 : crc >> 1;
                table[i] = crc;
            }
            return table;
        }
    }
}
