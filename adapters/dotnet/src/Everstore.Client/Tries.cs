using System;
using System.Threading;
using System.Threading.Tasks;

namespace Everstore.Client
{
    /// <summary>How often what certainly wrote nothing is tried again: for a while, with growing pauses.</summary>
    internal sealed class Tries
    {
        private readonly Pauses pauses = Pauses.ToReconnect();
        private readonly double until = Clock.Now + Limits.AskSeconds;

        /// <summary>Whether another try may follow this error.</summary>
        public bool MayFollow(EverstoreException error)
        {
            return Reading.IsRepeatable(error) && Clock.Now < until;
        }

        public Task PauseAsync(CancellationToken cancellation)
        {
            return Task.Delay(TimeSpan.FromSeconds(pauses.Next()), cancellation);
        }
    }
}
