using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Everstore.Client
{
    /// <summary>
    /// How much of one client is under way at once: whoever comes when there is no room waits for it, in order. What is larger
    /// than all the room goes alone.
    /// </summary>
    internal sealed class InFlight
    {
        private readonly LinkedList<Waiter> waiters = new LinkedList<Waiter>();
        private int operations;
        private long bytes;

        /// <summary>Completes when there is room, which <see cref="Leave"/> gives back.</summary>
        /// <exception cref="OperationCanceledException">Before there was room.</exception>
        public Task EnterAsync(long size, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            lock (waiters)
            {
                if (waiters.Count == 0 && HasRoom(size))
                {
                    Admit(size);
                    return Task.CompletedTask;
                }
                var waiter = new Waiter(size);
                var place = waiters.AddLast(waiter);
                return cancellation.CanBeCanceled ? WaitAsync(place, cancellation) : waiter.Admitted.Task;
            }
        }

        public void Leave(long size)
        {
            lock (waiters)
            {
                operations--;
                bytes -= size;
                AdmitWaiting();
            }
        }

        private async Task WaitAsync(LinkedListNode<Waiter> place, CancellationToken cancellation)
        {
            using (cancellation.Register(() => GiveUp(place, cancellation)))
                await place.Value.Admitted.Task.ConfigureAwait(false);
        }

        private void GiveUp(LinkedListNode<Waiter> place, CancellationToken cancellation)
        {
            lock (waiters)
            {
                if (place.List == null)
                    return;
                waiters.Remove(place);
                AdmitWaiting();
            }
            place.Value.Admitted.TrySetException(new OperationCanceledException(cancellation));
        }

        private void AdmitWaiting()
        {
            while (waiters.Count > 0 && HasRoom(waiters.First.Value.Size))
            {
                var next = waiters.First.Value;
                waiters.RemoveFirst();
                Admit(next.Size);
                next.Admitted.TrySetResult(true);
            }
        }

        private bool HasRoom(long size)
        {
            return operations == 0 || (operations < Limits.OperationsInFlight && bytes + size <= Limits.BytesInFlight);
        }

        private void Admit(long size)
        {
            operations++;
            bytes += size;
        }

        private sealed class Waiter
        {
            public readonly long Size;

            public readonly TaskCompletionSource<bool> Admitted =
                new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);

            public Waiter(long size)
            {
                Size = size;
            }
        }
    }
}
