using System;
using System.Threading;
using System.Threading.Tasks;

namespace Everstore.Client
{
    /// <summary>
    /// The pauses of appends that are to be sent again: all of them end when one was answered, since then the server, or the
    /// worker, is there again. Else those whose pauses have grown long would miss what little there is of a server that dies
    /// again and again.
    /// </summary>
    internal sealed class Recovery
    {
        private readonly object turn = new object();
        private TaskCompletionSource<bool> answered;

        public async Task PauseAsync(double seconds, CancellationToken cancellation)
        {
            Task first;
            lock (turn)
            {
                answered = answered ?? new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                first = answered.Task;
            }
            using (var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
            {
                await Task.WhenAny(first, Task.Delay(TimeSpan.FromSeconds(seconds), ending.Token)).ConfigureAwait(false);
                ending.Cancel();
            }
            cancellation.ThrowIfCancellationRequested();
        }

        /// <summary>An append was answered.</summary>
        public void Answered()
        {
            if (Volatile.Read(ref answered) == null)
                return;
            TaskCompletionSource<bool> told;
            lock (turn)
            {
                told = answered;
                answered = null;
            }
            told?.TrySetResult(true);
        }
    }
}
