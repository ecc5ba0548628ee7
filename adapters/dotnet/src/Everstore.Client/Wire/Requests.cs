namespace Everstore.Client.Wire
{
    /// <summary>Each request of version 1, and those that the server added to it.</summary>
    internal static class Requests
    {
        private static readonly uint[] NoNumbers = new uint[0];
        private static readonly byte[][] NoTexts = new byte[0][];

        public static Request Authenticate(byte[] user, byte[] password)
        {
            return new Request(Layouts.Authenticate, new[] { Length(user), Length(password) }, new[] { user, password });
        }

        public static Request NewTransaction(byte[] name)
        {
            return new Request(Layouts.NewTransaction, new[] { Length(name) }, new[] { name });
        }

        public static Request Commit(byte[] name, uint worker, uint transaction, byte[] types, byte[] events)
        {
            var numbers = new[] { Length(name), Length(types), Length(events), transaction };
            return new Request(Layouts.Commit, numbers, new[] { name, types, events }, worker);
        }

        public static Request Rollback(byte[] name, uint worker, uint transaction)
        {
            return new Request(Layouts.Rollback, new[] { Length(name), transaction }, new[] { name }, worker);
        }

        /// <exception cref="TooLargeException">A position is past what 32 bits can say.</exception>
        public static Request Read(byte[] name, uint worker, long since, long size, bool timestamps)
        {
            var numbers = new[] { Length(name), Position(since), Position(size) };
            return new Request(Layouts.Read, numbers, new[] { name }, worker, timestamps ? Layouts.Timestamps : 0);
        }

        public static Request Exists(byte[] name)
        {
            return new Request(Layouts.Exists, new[] { Length(name) }, new[] { name });
        }

        public static Request Status(uint worker)
        {
            return new Request(Layouts.Status, NoNumbers, NoTexts, worker);
        }

        public static Request ListJournals(byte[] prefix, byte[] after, uint most)
        {
            return new Request(Layouts.List, new[] { Length(prefix), Length(after), most }, new[] { prefix, after });
        }

        private static uint Length(byte[] text)
        {
            return (uint)text.Length;
        }

        private static uint Position(long position)
        {
            if (position < 0 || position > uint.MaxValue)
                throw new TooLargeException($"the position {position} is past what 32 bits can say");
            return (uint)position;
        }
    }
}
