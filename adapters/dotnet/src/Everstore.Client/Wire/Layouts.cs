namespace Everstore.Client.Wire
{
    /// <summary>The protocol's numbers.</summary>
    /// <remarks>
    /// <code>
    /// hello (server, 3 bytes)   byte order (0 little, 1 big), version (1), login (1 when the client must authenticate)
    /// header (20 bytes)         type, size, requestUID, properties, workerUID, then `size` bytes of body
    /// </code>
    /// </remarks>
    internal static class Layouts
    {
        public const int Version = 1;
        public const int HelloBytes = 3;
        public const int HeaderBytes = 20;

        public const uint Error = 1;
        public const uint Authenticate = 3;
        public const uint NewTransaction = 4;
        public const uint Commit = 5;
        public const uint Rollback = 6;
        public const uint Read = 7;
        public const uint Exists = 8;
        public const uint Status = 32;
        public const uint List = 33;
        public const uint Native = 34;
        public const uint Append = 35;
        public const uint Fetch = 36;
        public const uint Lane = 37;

        public const uint Multipart = 1;
        public const uint Compressed = 2;
        public const uint Timestamps = 4;

        /// <summary>Of each line of a journal, in front of the event: <c>2015-08-02T16:23:02.580</c> and a space.</summary>
        public const int StampBytes = 24;
    }
}
