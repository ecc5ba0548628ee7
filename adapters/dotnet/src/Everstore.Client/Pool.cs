using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>The connections of one client: shared ones, lanes, and which of them serves the next request.</summary>
    /// <remarks>
    /// Error handling: the first connection is tried once, so that a wrong address is told at once. Later a server that is away
    /// is waited for, up to the timeout, with growing pauses; a failed login never is.
    /// </remarks>
    internal sealed class Pool
    {
        private const string ClosedReason = "the client is closed";
        private readonly object turn = new object();
        private readonly List<Connection> shared = new List<Connection>();
        private readonly Senders senders = new Senders();
        private readonly LaneSet lanes;
        private Task<Connection> opening;
        private bool openingFurther;
        private bool isClosed;

        public Pool(EverstoreOptions options)
        {
            Options = options;
            lanes = new LaneSet(options, senders);
        }

        public EverstoreOptions Options { get; }

        public Recovery Recovery { get; } = new Recovery();

        /// <summary>Open the first connection, in one try.</summary>
        public async Task StartAsync()
        {
            Keep(await Connection.OpenAsync(Options, senders).ConfigureAwait(false));
        }

        /// <summary>A live connection, which others may use at the same time, or null when none is there.</summary>
        /// <param name="together">For an append, which goes where the others go: many in one request cost little more than one.</param>
        /// <exception cref="ConnectionLostException">The client is closed.</exception>
        public Connection Find(bool together)
        {
            lock (turn)
            {
                if (isClosed)
                    throw new ConnectionLostException(ClosedReason);
                shared.RemoveAll(each => !each.IsAlive);
                if (shared.Count == 0)
                    return null;
                return together && shared[0].Native != null ? shared[0] : LeastBusy();
            }
        }

        /// <summary>The same, but that one is opened when none is there.</summary>
        /// <exception cref="ConnectionLostException">The server could not be reached within the timeout, or the client is closed.</exception>
        /// <exception cref="AuthenticationFailedException">It no longer lets this user in.</exception>
        public async Task<Connection> TakeAsync(bool together, CancellationToken cancellation)
        {
            for (var found = Find(together); ; found = Find(together))
            {
                if (found != null)
                    return found;
                try
                {
                    await Cancellable(Opening(), cancellation).ConfigureAwait(false);
                }
                catch (EverstoreException error)
                {
                    throw ErrorCodes.CopyOf(error);
                }
            }
        }

        /// <summary>The connection over which a worker's requests go.</summary>
        public Connection ForWorker(uint worker, Connection beside)
        {
            return lanes.Of(worker, beside);
        }

        /// <summary>Close every connection; requests in flight fail.</summary>
        public void Close()
        {
            lock (turn)
            {
                isClosed = true;
                foreach (var each in shared)
                    each.Close(ClosedReason);
                shared.Clear();
            }
            lanes.Close(ClosedReason);
        }

        private static async Task Cancellable(Task task, CancellationToken cancellation)
        {
            var cancelled = new TaskCompletionSource<bool>();
            using (cancellation.Register(() => cancelled.TrySetResult(true)))
                await Task.WhenAny(task, cancelled.Task).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            await task.ConfigureAwait(false);
        }

        /// <summary>An idle one, else the least busy; then there may soon be one more.</summary>
        private Connection LeastBusy()
        {
            var waiting = shared.Select(each => each.Waiting).ToList();
            var least = waiting.Min();
            if (least > 0 && shared.Count < Options.Connections && !openingFurther)
            {
                openingFurther = true;
                GoOn(OpenFurtherAsync());
            }
            return shared[waiting.IndexOf(least)];
        }

        private static void GoOn(Task task)
        {
            // It ends by itself; who cannot have a further connection makes do with the busy ones.
        }

        private async Task OpenFurtherAsync()
        {
            try
            {
                Keep(await Connection.OpenAsync(Options, senders).ConfigureAwait(false));
            }
            catch (EverstoreException)
            {
                // Those that are there have to do; when they are lost, whoever comes next hears why.
            }
            finally
            {
                lock (turn)
                    openingFurther = false;
            }
        }

        /// <summary>One for all who wait.</summary>
        private Task<Connection> Opening()
        {
            lock (turn)
            {
                if (opening == null || opening.IsCompleted)
                    opening = OpenPatientlyAsync();
                return opening;
            }
        }

        private async Task<Connection> OpenPatientlyAsync()
        {
            var until = Clock.Now + Options.TimeoutSeconds;
            var pauses = Pauses.ToReconnect();
            while (true)
            {
                var pause = pauses.Next();
                try
                {
                    return Keep(await Connection.OpenAsync(Options, senders).ConfigureAwait(false));
                }
                catch (EverstoreException error) when (IsWorthWaiting(error) && !isClosed && Clock.Now + pause < until)
                {
                    await Task.Delay(TimeSpan.FromSeconds(pause)).ConfigureAwait(false);
                }
            }
        }

        private static bool IsWorthWaiting(EverstoreException error)
        {
            return error is ConnectionLostException || error is RequestTimeoutException;
        }

        private Connection Keep(Connection connection)
        {
            lock (turn)
            {
                if (isClosed)
                    connection.Close(ClosedReason);
                else
                    shared.Add(connection);
                return connection;
            }
        }
    }
}
