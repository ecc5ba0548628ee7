using System.Linq;
using Everstore.Client;

namespace Everstore.Tests.Pure
{
    /// <summary>What is more than can be held is refused, and says what to do. (It is the same bytes again and again.)</summary>
    public static class PartsTests
    {
        private static readonly byte[] Mebibyte = new byte[1024 * 1024];

        [Test]
        public static void TheyAreJoinedInTheirOrder()
        {
            var parts = new Parts();
            parts.Add(new byte[] { 1, 2 });
            parts.Add(new byte[] { 3 });
            Check.Equal(new byte[] { 1, 2, 3 }, parts.Joined());
        }

        [Test]
        public static void MoreThanAnArrayCanHoldIsTooLarge()
        {
            var parts = new Parts();
            for (var n = 0; n < 2047; n++)
                parts.Add(Mebibyte);
            var error = Check.Throws<TooLargeException>(() => parts.Add(Mebibyte));
            Check.True(error.Message.Contains(nameof(EverstoreClient.ReadPagesAsync)), error.Message);
        }
    }
}
