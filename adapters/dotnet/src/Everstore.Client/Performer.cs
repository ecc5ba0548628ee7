using System;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// What one operation is said over: a connection of the pool, or the lane of a worker beside it, and another one when that
    /// is lost. For one task at a time.
    /// </summary>
    internal sealed class Performer
    {
        private readonly Pool pool;
        private Connection connection;

        public Performer(Pool pool, Connection connection)
        {
            this.pool = pool;
            this.connection = connection;
        }

        /// <summary>What the server is, when it knows the native requests.</summary>
        public Native Native => connection.Native;

        /// <summary>Until when an append that begins now may be sent again.</summary>
        public double ResendUntil => Clock.Now + Math.Min(pool.Options.TimeoutSeconds, Limits.ResendSeconds);

        /// <summary>Say a request; what this method itself throws was certainly not sent. The task is its answer.</summary>
        public Task<object> Say(Request request, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            return connection.AnswerOf(connection.Ask(request), cancellation);
        }

        /// <summary>Say a request, and wait for its answer.</summary>
        public async Task<T> AskAsync<T>(Request request, CancellationToken cancellation)
        {
            return (T)await Say(request, cancellation).ConfigureAwait(false);
        }

        /// <summary>The same, over the lane of a journal's worker where there is one.</summary>
        public async Task<Fetched> FetchAsync(byte[] name, Request request, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            var link = pool.ForWorker(Native.WorkerOf(name), connection);
            var asked = link.Ask(request);
            return (Fetched)await link.AnswerOf(asked, cancellation).ConfigureAwait(false);
        }

        /// <summary>Say an append; wait for its answer where it was said.</summary>
        public Pending Ask(Post post, out Connection link)
        {
            link = pool.ForWorker(post.Worker, connection);
            return link.Ask(post);
        }

        /// <summary>An append was answered: the server is there.</summary>
        public void TellAnswered()
        {
            pool.Recovery.Answered();
        }

        public void Tell(Request request)
        {
            connection.Tell(request);
        }

        /// <summary>After a pause, all that follows is said over a connection that is alive.</summary>
        /// <exception cref="RequestTimeoutException">No more may be sent again by then.</exception>
        /// <exception cref="EverstoreException">No connection can be had.</exception>
        public async Task GoElsewhereAsync(double pause, double until, CancellationToken cancellation)
        {
            RequireTime(until, pause);
            await pool.Recovery.PauseAsync(pause, cancellation).ConfigureAwait(false);
            await TakeAnotherAsync(cancellation).ConfigureAwait(false);
            RequireTime(until, 0);
        }

        /// <summary>All that follows is said over a connection that is alive.</summary>
        public async Task TakeAnotherAsync(CancellationToken cancellation)
        {
            connection = await pool.TakeAsync(true, cancellation).ConfigureAwait(false);
        }

        private static void RequireTime(double until, double pause)
        {
            if (Clock.Now + pause >= until)
                throw new RequestTimeoutException("no more may be sent again by now");
        }
    }
}
