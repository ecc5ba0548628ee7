using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;

namespace Everstore.Tests.Pure
{
    /// <summary>How much may be under way.</summary>
    public static class InFlightTests
    {
        [Test]
        public static async Task WhoeverComesWithoutRoomWaitsInOrder()
        {
            var inFlight = new InFlight();
            Check.True(Enumerable.Range(0, Limits.OperationsInFlight).All(n => Entered(inFlight, 1)), "there was room");
            var next = inFlight.EnterAsync(1, CancellationToken.None);
            var last = inFlight.EnterAsync(1, CancellationToken.None);
            Check.True(!next.IsCompleted && !last.IsCompleted, "there was no room");
            inFlight.Leave(1);
            await next;
            Check.True(!last.IsCompleted, "there was room for one");
            inFlight.Leave(1);
            await last;
        }

        [Test]
        public static async Task BytesTakeRoomAndWhatIsLargerThanAllOfItGoesAlone()
        {
            var inFlight = new InFlight();
            Check.True(Entered(inFlight, Limits.BytesInFlight + 1), "it would never go");
            var small = inFlight.EnterAsync(1, CancellationToken.None);
            Check.True(!small.IsCompleted, "it does not go alone");
            inFlight.Leave(Limits.BytesInFlight + 1);
            await small;
        }

        [Test]
        public static async Task WhoeverIsCancelledWaitsNoMore()
        {
            var inFlight = new InFlight();
            Entered(inFlight, Limits.BytesInFlight);
            using (var cancelling = new CancellationTokenSource())
            {
                var large = inFlight.EnterAsync(Limits.BytesInFlight, cancelling.Token);
                var small = inFlight.EnterAsync(0, CancellationToken.None);
                Check.True(!small.IsCompleted, "it went past the one before");
                cancelling.Cancel();
                await Check.ThrowsAsync<OperationCanceledException>(() => large);
                await small;
            }
        }

        private static bool Entered(InFlight inFlight, long bytes)
        {
            return inFlight.EnterAsync(bytes, CancellationToken.None).IsCompleted;
        }
    }
}
