using System.Text;

namespace Everstore.Client
{
    /// <summary>Text as it crosses the wire: strictly UTF-8, both ways.</summary>
    internal static class Utf8
    {
        /// <summary>Throws <see cref="EncoderFallbackException"/> or <see cref="DecoderFallbackException"/> for what it cannot say.</summary>
        public static readonly Encoding Strict = new UTF8Encoding(false, true);

        public static readonly byte[] Nothing = new byte[0];
    }
}
