using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// A server, and the connections to it. Any number of threads and tasks may share one client; their requests are pipelined,
    /// and appends of one moment leave in one request. A lost connection is replaced at its next use.
    /// </summary>
    /// <remarks>
    /// At most 1,024 operations and 8 MiB of their events are under way at once; whoever comes later waits for room. What is
    /// awaited goes on in the thread pool, without a synchronization context.
    /// </remarks>
    public sealed class EverstoreClient : IDisposable
    {
        private readonly InFlight inFlight = new InFlight();
        private readonly Pool pool;
        private readonly IEventSerializer serializer;

        private EverstoreClient(EverstoreOptions options)
        {
            pool = new Pool(options);
            serializer = options.Serializer;
        }

        /// <summary>The type that the commit which creates a journal declares besides its own.</summary>
        public static string NewJournal => Names.NewJournal;

        /// <summary>Connects and logs in, so that a wrong address or password is told at once.</summary>
        /// <param name="url">See <see cref="EverstoreOptions"/>.</param>
        /// <param name="serializer">Makes events of objects, and objects of events.</param>
        /// <exception cref="BadUrlException">The URL cannot be used.</exception>
        /// <exception cref="ConnectionLostException">Nobody answers there.</exception>
        /// <exception cref="AuthenticationFailedException">The server does not let this user in.</exception>
        /// <exception cref="ProtocolException">What answers there is no Everstore server.</exception>
        /// <exception cref="RequestTimeoutException">The server stays silent.</exception>
        public static async Task<EverstoreClient> ConnectAsync(string url, IEventSerializer serializer = null)
        {
            var options = EverstoreOptions.Parse(url);
            options.Serializer = serializer;
            return await ConnectAsync(options).ConfigureAwait(false);
        }

        /// <summary>The same; later changes of the options change nothing.</summary>
        public static async Task<EverstoreClient> ConnectAsync(EverstoreOptions options)
        {
            if (options == null)
                throw new ArgumentNullException(nameof(options));
            options.Check();
            var client = new EverstoreClient(options.Copy());
            await client.pool.StartAsync().ConfigureAwait(false);
            return client;
        }

        /// <summary>
        /// A transaction on one journal. Over native requests nothing is held open in the server, and it may stay open for as long
        /// as it likes.
        /// </summary>
        /// <param name="journal">Its name, such as <c>/user/42</c>; it need not exist.</param>
        /// <param name="mustBeNew">Whether the commit shall conflict when the journal exists by then.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="InvalidJournalNameException">The name breaks a rule.</exception>
        public async Task<Transaction> OpenTransactionAsync(
            string journal, bool mustBeNew = false, CancellationToken cancellation = default(CancellationToken))
        {
            var name = Names.JournalBytes(journal);
            return await RepeatAsync(
                async performer =>
                {
                    var opened = await Reading.OpenAsync(performer, name, cancellation).ConfigureAwait(false);
                    return new Transaction(journal, name, opened, mustBeNew, performer, inFlight, serializer);
                },
                cancellation).ConfigureAwait(false);
        }

        /// <summary>
        /// Run a function in a transaction and commit it; on a conflict, or a failure after which nothing is written, again in a
        /// new one, after growing pauses.
        /// </summary>
        /// <param name="journal">Its name.</param>
        /// <param name="function">Reads and adds; it may roll back, and must not commit. It is run once for each attempt.</param>
        /// <param name="attempts">1 or more.</param>
        /// <param name="mustBeNew">Whether the commit shall conflict when the journal exists by then.</param>
        /// <param name="cancellation">As in <see cref="Transaction.CommitAsync"/>.</param>
        /// <returns>What became of the last attempt: it may be a conflict.</returns>
        /// <exception cref="OutcomeUnknownException">The answer to the commit was lost.</exception>
        public async Task<CommitResult> RunAsync(
            string journal,
            Func<Transaction, Task> function,
            int attempts = Limits.ConflictAttempts,
            bool mustBeNew = false,
            CancellationToken cancellation = default(CancellationToken))
        {
            if (attempts < 1)
                throw new ArgumentOutOfRangeException(nameof(attempts), attempts, "expected 1 or more");
            var pauses = new Pauses(Limits.ConflictPauseSeconds, Limits.ConflictPauseSecondsMax);
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    var result = await RunOnceAsync(journal, function, mustBeNew, cancellation).ConfigureAwait(false);
                    if (result.IsCommitted || attempt == attempts)
                        return result;
                }
                catch (EverstoreException error) when (attempt < attempts && Reading.IsRepeatable(error))
                {
                    // Nothing is written.
                }
                await Task.Delay(TimeSpan.FromSeconds(pauses.Next()), cancellation).ConfigureAwait(false);
            }
        }

        /// <summary>
        /// One whole transaction that only appends, in one request. It is sent until it is answered, and written once.
        /// </summary>
        /// <param name="journal">Its name.</param>
        /// <param name="events">Each an <see cref="Event"/>, or an object that the client's serializer knows. None: nothing is written.</param>
        /// <param name="condition">Under which it may happen; always when left out.</param>
        /// <param name="types">What it declares in place of its events' types.</param>
        /// <param name="cancellation">As in <see cref="Transaction.CommitAsync"/>.</param>
        /// <exception cref="InvalidJournalNameException">The name breaks a rule.</exception>
        /// <exception cref="NotAcceptableException">An event or a type cannot be written down.</exception>
        /// <exception cref="UnknownEventTypeException">The serializer has no type for an object's class.</exception>
        /// <exception cref="NoSuchPositionException">The size of the condition is past the journal's end.</exception>
        /// <exception cref="OutcomeUnknownException">The answer was lost: the events were written, or were not.</exception>
        /// <exception cref="EverstoreException">Any other: nothing was written.</exception>
        /// <exception cref="OperationCanceledException">Nothing was sent.</exception>
        public async Task<CommitResult> AppendAsync(
            string journal,
            IEnumerable<object> events,
            AppendCondition condition = null,
            IEnumerable<string> types = null,
            CancellationToken cancellation = default(CancellationToken))
        {
            var name = Names.JournalBytes(journal);
            var batch = new Batch(serializer);
            batch.Add(events);
            if (types != null)
                batch.DeclareOnly(types);
            var text = batch.Text();
            await inFlight.EnterAsync(text.Length, cancellation).ConfigureAwait(false);
            try
            {
                return await AppendRepeatedlyAsync(journal, name, batch, text, condition ?? AppendCondition.None, cancellation)
                    .ConfigureAwait(false);
            }
            finally
            {
                inFlight.Leave(text.Length);
            }
        }

        /// <summary>The same with one event.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="one">An <see cref="Event"/>, or an object that the client's serializer knows.</param>
        /// <param name="condition">Under which it may happen; always when left out.</param>
        /// <param name="cancellation">As in <see cref="Transaction.CommitAsync"/>.</param>
        public Task<CommitResult> AppendAsync(
            string journal,
            object one,
            AppendCondition condition = null,
            CancellationToken cancellation = default(CancellationToken))
        {
            return AppendAsync(journal, new[] { one }, condition, null, cancellation);
        }

        /// <summary>The journal's events; none when it does not exist.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="since">A former size of the journal in bytes: only what came later.</param>
        /// <param name="timestamps">Whether the events shall have their times.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="InvalidJournalNameException">The name breaks a rule.</exception>
        /// <exception cref="CannotReadException"><paramref name="since"/> is no former size of the journal.</exception>
        /// <exception cref="UnreadableEventException">They are not UTF-8.</exception>
        /// <exception cref="TooLargeException">They cannot be held at once: <see cref="ReadPagesAsync{T}"/> reads them page by page.</exception>
        public Task<IReadOnlyList<Event>> ReadAsync(
            string journal, long since = 0, bool timestamps = false, CancellationToken cancellation = default(CancellationToken))
        {
            return ReadAsync(journal, ReadOptions.All.Since(since), timestamps, cancellation);
        }

        /// <summary>Some of the journal's events; none when it does not exist.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="options">Which of them.</param>
        /// <param name="timestamps">Whether the events shall have their times.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="InvalidJournalNameException">The name breaks a rule.</exception>
        /// <exception cref="CannotReadException">A position is no former size of the journal, or the start is behind the end.</exception>
        /// <exception cref="UnreadableEventException">They are not UTF-8.</exception>
        /// <exception cref="TooLargeException">They cannot be held at once: <see cref="ReadPagesAsync{T}"/> reads them page by page.</exception>
        public async Task<IReadOnlyList<Event>> ReadAsync(
            string journal,
            ReadOptions options,
            bool timestamps = false,
            CancellationToken cancellation = default(CancellationToken))
        {
            return Reading.Events(await ReadRawAsync(journal, options, timestamps, cancellation).ConfigureAwait(false), timestamps);
        }

        /// <summary>The journal's events as objects, through the client's serializer.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="since">A former size of the journal in bytes: only what came later.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="UnknownEventTypeException">The serializer has no class for an event's type.</exception>
        /// <exception cref="UnreadableEventException">An event does not fit its class, or is no <typeparamref name="T"/>.</exception>
        public Task<IReadOnlyList<T>> ReadAsync<T>(
            string journal, long since = 0, CancellationToken cancellation = default(CancellationToken))
        {
            return ReadAsync<T>(journal, ReadOptions.All.Since(since), cancellation);
        }

        /// <summary>Some of the journal's events as objects, through the client's serializer.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="options">Which of them.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="UnknownEventTypeException">The serializer has no class for an event's type.</exception>
        /// <exception cref="UnreadableEventException">An event does not fit its class, or is no <typeparamref name="T"/>.</exception>
        public async Task<IReadOnlyList<T>> ReadAsync<T>(
            string journal, ReadOptions options, CancellationToken cancellation = default(CancellationToken))
        {
            return Reading.Objects<T>(await ReadAsync(journal, options, false, cancellation).ConfigureAwait(false), serializer);
        }

        /// <summary>The journal's bytes: lines joined by newlines, each with its time in front when they are asked for.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="since">A former size of the journal in bytes: only what came later.</param>
        /// <param name="timestamps">Whether each line shall start with its time and a space.</param>
        /// <param name="cancellation">Stops waiting.</param>
        public Task<byte[]> ReadRawAsync(
            string journal, long since = 0, bool timestamps = false, CancellationToken cancellation = default(CancellationToken))
        {
            return ReadRawAsync(journal, ReadOptions.All.Since(since), timestamps, cancellation);
        }

        /// <summary>Some of the journal's lines, joined by newlines, each with its time in front when they are asked for.</summary>
        /// <param name="journal">Its name.</param>
        /// <param name="options">Which of them.</param>
        /// <param name="timestamps">Whether each line shall start with its time and a space.</param>
        /// <param name="cancellation">Stops waiting.</param>
        public async Task<byte[]> ReadRawAsync(
            string journal,
            ReadOptions options,
            bool timestamps = false,
            CancellationToken cancellation = default(CancellationToken))
        {
            if (options == null)
                throw new ArgumentNullException(nameof(options));
            var name = Names.JournalBytes(journal);
            var found = await RepeatAsync(
                performer => Reading.ChosenAsync(performer, name, options, timestamps, cancellation), cancellation).ConfigureAwait(false);
            return found.Text;
        }

        /// <summary>
        /// The journal page by page, for one that is too large to be held: up to where it ended when this began. The next page is
        /// asked for when the task of the one before is done.
        /// </summary>
        /// <typeparam name="T">Of the client's serializer; or <see cref="Event"/>.</typeparam>
        /// <param name="journal">Its name.</param>
        /// <param name="options">
        /// Which events, and how large a page is: 1 MiB of the journal unless <see cref="ReadOptions.InPagesOf"/> says it.
        /// </param>
        /// <param name="take">
        /// Takes each page, in the thread pool; none without events. What it throws ends the reading, and is what the task fails with.
        /// </param>
        /// <param name="cancellation">Stops waiting; <paramref name="take"/> has to look for itself.</param>
        /// <returns>Where it ended: to go on from later, <see cref="ReadOptions.Since(long)"/> it.</returns>
        /// <remarks>From a server that knows version 1 only, all of it comes as one page.</remarks>
        /// <exception cref="ArgumentException">The last events, or the newest first: these are read at once.</exception>
        /// <exception cref="InvalidJournalNameException">The name breaks a rule.</exception>
        /// <exception cref="CannotReadException">A position is no former size of the journal, or the start is behind the end.</exception>
        public async Task<long> ReadPagesAsync<T>(
            string journal,
            ReadOptions options,
            Func<Page<T>, Task> take,
            CancellationToken cancellation = default(CancellationToken))
        {
            if (options == null)
                throw new ArgumentNullException(nameof(options));
            if (take == null)
                throw new ArgumentNullException(nameof(take));
            if (options.IsFromEnd)
                throw new ArgumentException("the last events, or the newest first, are read at once: ReadAsync does it", nameof(options));
            var paging = new Paging(Names.JournalBytes(journal), options);
            while (!paging.IsOver)
            {
                var text = await RepeatAsync(performer => paging.NextAsync(performer, cancellation), cancellation).ConfigureAwait(false);
                if (text.Length > 0)
                    await take(new Page<T>(text, paging.At, serializer)).ConfigureAwait(false);
            }
            return paging.At;
        }

        /// <summary>Whether anything was ever committed to the journal.</summary>
        /// <exception cref="InvalidJournalNameException">The name breaks a rule.</exception>
        public async Task<bool> JournalExistsAsync(string journal, CancellationToken cancellation = default(CancellationToken))
        {
            var request = Requests.Exists(Names.JournalBytes(journal));
            return await RepeatAsync(performer => performer.AskAsync<bool>(request, cancellation), cancellation).ConfigureAwait(false);
        }

        /// <summary>The names of journals, in the order of their bytes.</summary>
        /// <param name="prefix">What they start with.</param>
        /// <param name="after">Only those that sort behind it: to go on where an earlier call ended.</param>
        /// <param name="most">How many at most.</param>
        /// <param name="cancellation">Stops waiting.</param>
        public async Task<IReadOnlyList<string>> JournalsAsync(
            string prefix = "",
            string after = "",
            int most = int.MaxValue,
            CancellationToken cancellation = default(CancellationToken))
        {
            var found = new List<string>();
            var start = Names.PrefixBytes(prefix);
            for (var more = true; more && found.Count < most;)
            {
                var page = (uint)Math.Min(Limits.ListNames, most - found.Count);
                var request = Requests.ListJournals(start, Names.PrefixBytes(after), page);
                var listed = await RepeatAsync(performer => performer.AskAsync<Listed>(request, cancellation), cancellation)
                    .ConfigureAwait(false);
                found.AddRange(listed.Names);
                more = listed.More && listed.Names.Length > 0;
                after = found.LastOrDefault() ?? after;
            }
            return found;
        }

        /// <summary>What the server says about itself, as JSON.</summary>
        /// <param name="worker">One of its workers, counted from 1; 0 for the server as a whole.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="NoSuchWorkerException">There are not so many.</exception>
        public async Task<string> StatusAsync(int worker = 0, CancellationToken cancellation = default(CancellationToken))
        {
            var request = Requests.Status((uint)worker);
            var text = await RepeatAsync(performer => performer.AskAsync<byte[]>(request, cancellation), cancellation).ConfigureAwait(false);
            return Utf8.Strict.GetString(text);
        }

        /// <summary>
        /// Closes the connections. What is under way fails with a <see cref="ConnectionLostException"/>, a commit that was sent with
        /// an <see cref="OutcomeUnknownException"/>; as does whatever is asked afterwards.
        /// </summary>
        public void Dispose()
        {
            pool.Close();
        }

        private async Task<CommitResult> RunOnceAsync(
            string journal, Func<Transaction, Task> function, bool mustBeNew, CancellationToken cancellation)
        {
            using (var transaction = await OpenTransactionAsync(journal, mustBeNew, cancellation).ConfigureAwait(false))
            {
                await function(transaction).ConfigureAwait(false);
                if (!transaction.IsOpen)
                    return new CommitResult(journal, transaction.Size, 0);
                return await transaction.CommitAsync(cancellation).ConfigureAwait(false);
            }
        }

        private async Task<CommitResult> AppendRepeatedlyAsync(
            string journal, byte[] name, Batch batch, byte[] text, AppendCondition condition, CancellationToken cancellation)
        {
            var tries = new Tries();
            while (true)
            {
                var connection = pool.Find(true) ?? await pool.TakeAsync(true, cancellation).ConfigureAwait(false);
                try
                {
                    return await AppendOnceAsync(new Performer(pool, connection), journal, name, batch, text, condition, cancellation)
                        .ConfigureAwait(false);
                }
                catch (EverstoreException error) when (tries.MayFollow(error))
                {
                    // Nothing is written.
                }
                await tries.PauseAsync(cancellation).ConfigureAwait(false);
            }
        }

        private async Task<CommitResult> AppendOnceAsync(
            Performer performer,
            string journal,
            byte[] name,
            Batch batch,
            byte[] text,
            AppendCondition condition,
            CancellationToken cancellation)
        {
            if (performer.Native != null && batch.Count > 0)
                return await Committing.AppendAsync(performer, journal, name, batch, text, condition, serializer, cancellation)
                    .ConfigureAwait(false);
            var opened = await Reading.OpenAsync(performer, name, cancellation).ConfigureAwait(false);
            var committing = new Committing(performer, journal, name, opened, condition.MustBeNew, serializer);
            return await committing.AppendAsync(batch, text, condition, cancellation).ConfigureAwait(false);
        }

        /// <summary>Try it, and again on another connection while a try certainly wrote nothing, with growing pauses between.</summary>
        private async Task<T> RepeatAsync<T>(Func<Performer, Task<T>> attempt, CancellationToken cancellation)
        {
            await inFlight.EnterAsync(0, cancellation).ConfigureAwait(false);
            try
            {
                return await RepeatAdmittedAsync(attempt, cancellation).ConfigureAwait(false);
            }
            finally
            {
                inFlight.Leave(0);
            }
        }

        private async Task<T> RepeatAdmittedAsync<T>(Func<Performer, Task<T>> attempt, CancellationToken cancellation)
        {
            var tries = new Tries();
            while (true)
            {
                var connection = pool.Find(false) ?? await pool.TakeAsync(false, cancellation).ConfigureAwait(false);
                try
                {
                    return await attempt(new Performer(pool, connection)).ConfigureAwait(false);
                }
                catch (EverstoreException error) when (tries.MayFollow(error))
                {
                    // It only asks.
                }
                await tries.PauseAsync(cancellation).ConfigureAwait(false);
            }
        }
    }
}
