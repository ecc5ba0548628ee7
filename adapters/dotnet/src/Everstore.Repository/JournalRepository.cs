using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;

namespace Everstore.Repository
{
    /// <summary>
    /// Folds a journal into a state, keeps a snapshot of it, and reads only what is newer. Any number of threads may share one.
    /// </summary>
    /// <typeparam name="TState">What the events of a journal make. Best a class that does not change.</typeparam>
    /// <typeparam name="TEvent">Of the client's serializer; or <see cref="Event"/>.</typeparam>
    public sealed class JournalRepository<TState, TEvent>
    {
        // To fold so many events again takes less than to keep a snapshot for each of them.
        private const int SnapshotEvents = 100;

        private readonly EverstoreClient client;
        private readonly Func<TState, TEvent, TState> fold;
        private readonly Func<TState> initial;
        private readonly ISnapshots<TState> snapshots;
        private readonly int snapshotEvery;

        /// <summary>The states of one kind of journals.</summary>
        /// <param name="client">Reads and writes them.</param>
        /// <param name="fold">The next state, of a state and an event.</param>
        /// <param name="initial">Makes the state of a journal without events, which nobody else has.</param>
        /// <param name="snapshots">Where to keep snapshots; none are kept without.</param>
        /// <param name="snapshotEvery">After how many newer events to keep another.</param>
        public JournalRepository(
            EverstoreClient client,
            Func<TState, TEvent, TState> fold,
            Func<TState> initial,
            ISnapshots<TState> snapshots = null,
            int snapshotEvery = SnapshotEvents)
        {
            this.client = client ?? throw new ArgumentNullException(nameof(client));
            this.fold = fold ?? throw new ArgumentNullException(nameof(fold));
            this.initial = initial ?? throw new ArgumentNullException(nameof(initial));
            this.snapshots = snapshots;
            this.snapshotEvery = snapshotEvery;
        }

        /// <summary>The state of a journal now.</summary>
        /// <exception cref="EverstoreException">It cannot be read.</exception>
        public async Task<TState> GetAsync(string journal, CancellationToken cancellation = default(CancellationToken))
        {
            using (var transaction = await client.OpenTransactionAsync(journal, false, cancellation).ConfigureAwait(false))
                return await StateAsync(transaction, cancellation).ConfigureAwait(false);
        }

        /// <summary>The state of a journal as an open transaction sees it.</summary>
        /// <exception cref="EverstoreException">It cannot be read.</exception>
        public async Task<TState> StateAsync(Transaction transaction, CancellationToken cancellation = default(CancellationToken))
        {
            var kept = snapshots?.Load(transaction.Journal);
            // One past the journal's size is of another journal, which this one has replaced.
            if (kept == null || kept.Size == 0 || kept.Size > transaction.Size)
                return await FoldAsync(transaction, new Snapshot<TState>(initial(), 0), cancellation).ConfigureAwait(false);
            try
            {
                return await FoldAsync(transaction, kept, cancellation).ConfigureAwait(false);
            }
            catch (CannotReadException)
            {
                // So is one that ends within a line.
                return await FoldAsync(transaction, new Snapshot<TState>(initial(), 0), cancellation).ConfigureAwait(false);
            }
        }

        /// <summary>Append what is decided of the state; on a conflict it is decided again, of the new state.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="decide">Events for the client's serializer, or <see cref="Event"/>s; none: nothing is written.</param>
        /// <param name="attempts">1 or more.</param>
        /// <param name="cancellation">As in <see cref="Transaction.CommitAsync"/>.</param>
        /// <returns>What became of the last attempt: it may be a conflict.</returns>
        /// <exception cref="OutcomeUnknownException">The answer to the commit was lost.</exception>
        public Task<CommitResult> UpdateAsync(
            string journal,
            Func<TState, IEnumerable<object>> decide,
            int attempts = 10,
            CancellationToken cancellation = default(CancellationToken))
        {
            return client.RunAsync(
                journal,
                async transaction => transaction.AddRange(decide(await StateAsync(transaction, cancellation).ConfigureAwait(false))),
                attempts,
                false,
                cancellation);
        }

        private async Task<TState> FoldAsync(Transaction transaction, Snapshot<TState> start, CancellationToken cancellation)
        {
            var state = start.State;
            var events = await transaction.ReadAsync<TEvent>(start.Size, cancellation).ConfigureAwait(false);
            foreach (var each in events)
                state = fold(state, each);
            if (snapshots != null && events.Count >= snapshotEvery)
                snapshots.Save(transaction.Journal, new Snapshot<TState>(state, transaction.Size));
            return state;
        }
    }
}
