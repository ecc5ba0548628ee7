namespace Everstore.Client.Wire
{
    /// <summary>The protocol's integers in one byte order; a server names its own in the hello.</summary>
    internal sealed class ByteOrder
    {
        public static readonly ByteOrder Little = new ByteOrder(false);
        public static readonly ByteOrder Big = new ByteOrder(true);

        private readonly bool isBig;

        private ByteOrder(bool isBig)
        {
            this.isBig = isBig;
        }

        public uint UInt32(byte[] data, int at)
        {
            return isBig
                ? (uint)(data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3])
                : (uint)(data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24);
        }

        public ulong UInt64(byte[] data, int at)
        {
            ulong first = UInt32(data, at), second = UInt32(data, at + 4);
            return isBig ? first << 32 | second : second << 32 | first;
        }

        /// <summary>Writes the lowest bytes of a value.</summary>
        public void Write(byte[] data, int at, ulong value, int bytes)
        {
            for (var i = 0; i < bytes; i++)
                data[isBig ? at + bytes - 1 - i : at + i] = (byte)(value >> 8 * i);
        }
    }
}
