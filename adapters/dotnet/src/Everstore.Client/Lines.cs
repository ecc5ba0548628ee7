using System;
using System.Collections.Generic;
using System.Text;

namespace Everstore.Client
{
    /// <summary>A journal's text and its lines.</summary>
    internal static class Lines
    {
        public static byte[] Joined(IReadOnlyList<byte[]> parts)
        {
            var size = 0L;
            foreach (var part in parts)
                size += part.Length;
            var all = new byte[size];
            var at = 0;
            foreach (var part in parts)
            {
                Buffer.BlockCopy(part, 0, all, at, part.Length);
                at += part.Length;
            }
            return all;
        }

        /// <summary>The lines of whole lines. A server may end the last one with nothing, a newline or a NUL.</summary>
        /// <exception cref="UnreadableEventException">They are not of this encoding.</exception>
        /// <exception cref="TooLargeException">There is not so much memory, or no text as long.</exception>
        public static string[] Split(byte[] text, Encoding encoding)
        {
            var count = text.Length;
            if (count > 0 && (text[count - 1] == '\n' || text[count - 1] == 0))
                count--;
            if (count == 0)
                return new string[0];
            try
            {
                return encoding.GetString(text, 0, count).Split('\n');
            }
            catch (OutOfMemoryException error)
            {
                throw Parts.TooLarge(error);
            }
            catch (DecoderFallbackException error)
            {
                throw new UnreadableEventException($"events are not UTF-8: {error.Message} ReadRawAsync gives their bytes.", error);
            }
        }
    }
}
