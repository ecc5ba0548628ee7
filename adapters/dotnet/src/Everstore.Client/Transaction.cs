using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// An open transaction on one journal, which it sees as it was when it opened; <see cref="EverstoreClient.OpenTransactionAsync"/>
    /// makes it. For one task at a time. Disposing of it rolls it back, unless it is over.
    /// </summary>
    /// <remarks>
    /// <code>
    /// state    what happens                                         next
    /// -------  ---------------------------------------------------  -----------------------------------------
    /// open     read, add, declare                                   open
    /// open     commit is said                                       unknown, until the answer says otherwise
    /// unknown  success                                              committed
    /// unknown  conflict, or an error that excludes success          rolled back
    /// open     rollback                                             rolled back
    /// </code>
    /// </remarks>
    public sealed class Transaction : IDisposable
    {
        private readonly Committing committing;
        private readonly Performer performer;
        private readonly InFlight inFlight;
        private readonly byte[] name;
        private readonly Opened opened;
        private readonly IEventSerializer serializer;
        private readonly Batch batch;
        private State state = State.Open;

        internal Transaction(
            string journal, byte[] name, Opened opened, bool mustBeNew, Performer performer, InFlight inFlight, IEventSerializer serializer)
        {
            Journal = journal;
            this.name = name;
            this.opened = opened;
            this.performer = performer;
            this.inFlight = inFlight;
            this.serializer = serializer;
            batch = new Batch(serializer);
            committing = new Committing(performer, journal, name, opened, mustBeNew, serializer);
            if (mustBeNew)
                batch.Declare(Names.NewJournal);
        }

        private enum State
        {
            Open,
            Unknown,
            Committed,
            RolledBack,
        }

        /// <summary>The journal's name.</summary>
        public string Journal { get; }

        /// <summary>The journal's size in bytes as the transaction sees it.</summary>
        public long Size => opened.Size;

        /// <summary>Whether the journal held anything when the transaction opened.</summary>
        public bool Exists => Size > 0;

        /// <summary>Whether it can still be used.</summary>
        public bool IsOpen => state == State.Open;

        /// <summary>The events that the journal held when the transaction opened; not those that it is about to commit.</summary>
        /// <param name="since">A former size of the journal in bytes: only what came later.</param>
        /// <param name="timestamps">Whether the events shall have their times.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="TransactionEndedException">It is over.</exception>
        /// <exception cref="CannotReadException"><paramref name="since"/> is no former size of the journal.</exception>
        public async Task<IReadOnlyList<Event>> ReadAsync(
            long since = 0, bool timestamps = false, CancellationToken cancellation = default(CancellationToken))
        {
            var text = await TextAsync(since, timestamps, cancellation).ConfigureAwait(false);
            return Reading.Events(text, timestamps);
        }

        /// <summary>The same as objects, through the client's serializer.</summary>
        /// <param name="since">A former size of the journal in bytes: only what came later.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="TransactionEndedException">It is over.</exception>
        /// <exception cref="CannotReadException"><paramref name="since"/> is no former size of the journal.</exception>
        /// <exception cref="UnknownEventTypeException">The serializer has no class for an event's type.</exception>
        /// <exception cref="UnreadableEventException">An event does not fit its class, or is no <typeparamref name="T"/>.</exception>
        public async Task<IReadOnlyList<T>> ReadAsync<T>(long since = 0, CancellationToken cancellation = default(CancellationToken))
        {
            return Reading.Objects<T>(await ReadAsync(since, false, cancellation).ConfigureAwait(false), serializer);
        }

        /// <summary>Add events to the commit; nothing is sent yet.</summary>
        /// <param name="events">Each an <see cref="Event"/>, or an object that the client's serializer knows.</param>
        /// <exception cref="TransactionEndedException">It is over.</exception>
        /// <exception cref="UnknownEventTypeException">The serializer has no type for an object's class.</exception>
        /// <exception cref="NotAcceptableException">An event cannot be written down. None of them is added.</exception>
        public void Add(params object[] events)
        {
            AddRange(events);
        }

        /// <summary>The same.</summary>
        /// <param name="events">Each an <see cref="Event"/>, or an object that the client's serializer knows.</param>
        public void AddRange(IEnumerable<object> events)
        {
            if (events == null)
                throw new ArgumentNullException(nameof(events));
            RequireOpen();
            batch.Add(events);
        }

        /// <summary>Let the commit conflict on these types too.</summary>
        /// <exception cref="TransactionEndedException">It is over.</exception>
        /// <exception cref="NotAcceptableException">One of them is no event type.</exception>
        public void Declare(params string[] types)
        {
            RequireOpen();
            foreach (var type in types.Select(Names.EventType).ToList())
                batch.Declare(type);
        }

        /// <summary>
        /// Write what was added, all or nothing. It conflicts when another commit has declared one of its types since the
        /// transaction opened. Without events it writes nothing, and succeeds.
        /// </summary>
        /// <param name="cancellation">
        /// Stops waiting. Cancelled before anything was sent, the commit certainly did not happen, and the task is cancelled.
        /// Cancelled later, its outcome is unknown: the task fails with an <see cref="OutcomeUnknownException"/>.
        /// </param>
        /// <exception cref="TransactionEndedException">It is over.</exception>
        /// <exception cref="OutcomeUnknownException">The answer was lost: the events were written, or were not.</exception>
        /// <exception cref="EverstoreException">Any other: nothing was written.</exception>
        /// <exception cref="OperationCanceledException">Nothing was sent.</exception>
        public async Task<CommitResult> CommitAsync(CancellationToken cancellation = default(CancellationToken))
        {
            RequireOpen();
            var text = batch.Text();
            await inFlight.EnterAsync(text.Length, cancellation).ConfigureAwait(false);
            try
            {
                RequireOpen();
                state = State.Unknown;
                var result = await committing.CommitAsync(batch, text, cancellation).ConfigureAwait(false);
                state = result.IsCommitted ? State.Committed : State.RolledBack;
                return result;
            }
            catch (Exception error) when (!(error is OutcomeUnknownException) && !(error is TransactionEndedException))
            {
                state = State.RolledBack;
                Reading.End(performer, name, opened);
                throw;
            }
            finally
            {
                inFlight.Leave(text.Length);
            }
        }

        /// <summary>Give it up. Never fails or waits, and does nothing when it is over.</summary>
        public void Rollback()
        {
            if (!IsOpen)
                return;
            state = State.RolledBack;
            Reading.End(performer, name, opened);
        }

        /// <summary>Rolls it back, unless it is over.</summary>
        public void Dispose()
        {
            Rollback();
        }

        internal async Task<byte[]> TextAsync(long since, bool timestamps, CancellationToken cancellation)
        {
            RequireOpen();
            Reading.CheckedPosition(since, nameof(since));
            await inFlight.EnterAsync(0, cancellation).ConfigureAwait(false);
            try
            {
                return await RepeatedTextAsync(since, timestamps, cancellation).ConfigureAwait(false);
            }
            finally
            {
                inFlight.Leave(0);
            }
        }

        /// <summary>Where nothing is open on the server, a lost connection is no reason not to read.</summary>
        private async Task<byte[]> RepeatedTextAsync(long since, bool timestamps, CancellationToken cancellation)
        {
            var tries = new Tries();
            while (true)
            {
                try
                {
                    return await Reading.RangeAsync(performer, name, opened, since, opened.Size, timestamps, cancellation).ConfigureAwait(false);
                }
                catch (EverstoreException error) when (opened.Transaction == Reading.NoTransaction && tries.MayFollow(error))
                {
                    // It only asks.
                }
                await tries.PauseAsync(cancellation).ConfigureAwait(false);
                await performer.TakeAnotherAsync(cancellation).ConfigureAwait(false);
            }
        }

        private void RequireOpen()
        {
            if (!IsOpen)
                throw new TransactionEndedException($"the transaction on {Journal} is {Said()}");
        }

        private string Said()
        {
            return state == State.Unknown ? "of unknown outcome" : state == State.Committed ? "committed" : "rolled back";
        }
    }
}
