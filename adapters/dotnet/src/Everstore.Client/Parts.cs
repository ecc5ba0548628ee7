using System;
using System.Collections.Generic;

namespace Everstore.Client
{
    /// <summary>The parts of a read that came, until all have.</summary>
    internal sealed class Parts
    {
        private readonly List<byte[]> parts = new List<byte[]>();
        private long bytes;

        /// <exception cref="TooLargeException">Together they are more than can be held.</exception>
        public void Add(byte[] part)
        {
            bytes += part.Length;
            if (bytes > Limits.ReadBytesMax)
                throw TooLarge(null);
            parts.Add(part);
        }

        /// <summary>All of them, one behind the other.</summary>
        /// <exception cref="TooLargeException">There is not so much memory.</exception>
        public byte[] Joined()
        {
            try
            {
                return Lines.Joined(parts);
            }
            catch (OutOfMemoryException error)
            {
                throw TooLarge(error);
            }
        }

        /// <summary>Of what cannot be held at once.</summary>
        public static TooLargeException TooLarge(Exception reason)
        {
            return new TooLargeException("this is more than can be read at once: ReadPagesAsync reads a journal page by page", reason);
        }
    }
}
