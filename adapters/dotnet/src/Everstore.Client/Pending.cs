using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// A request that waits for its answer, an append that shares a request with others, or such a request.
    /// </summary>
    /// <remarks>
    /// It is settled first and told later, when the connection's lock is no longer held: whoever awaits <see cref="Answer"/> will
    /// want that lock at once. They go on in the thread pool, never in the thread that reads the connection: what they do there
    /// may block.
    /// </remarks>
    internal sealed class Pending
    {
        public readonly uint Kind;

        /// <summary>Of one append.</summary>
        public readonly Post Post;

        /// <summary>Of a request of appends: those.</summary>
        public readonly IReadOnlyList<Pending> Shared;

        private readonly TaskCompletionSource<object> answer =
            new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);

        private Parts parts;
        private double patience = double.PositiveInfinity;
        private object result;
        private Exception error;

        public Pending(uint kind)
        {
            Kind = kind;
        }

        public Pending(Post post)
        {
            Kind = Layouts.Append;
            Post = post;
        }

        public Pending(IReadOnlyList<Pending> shared)
        {
            Kind = Layouts.Append;
            Shared = shared;
        }

        /// <summary>The reply; for a read of many parts with the bytes of all of them.</summary>
        public Task<object> Answer => answer.Task;

        public uint Uid { get; set; }

        /// <summary>Whether it may have reached the server.</summary>
        public bool WasSent { get; set; }

        /// <summary>When it is late, by the clock.</summary>
        public double LateAt { get; private set; } = double.PositiveInfinity;

        /// <summary>Whether its end is known.</summary>
        public bool IsDone => error != null || result != null;

        /// <summary>From now on, for so many seconds, and for as long again whenever a part comes.</summary>
        public void WaitFor(double seconds, double now)
        {
            patience = seconds;
            LateAt = now + seconds;
        }

        /// <summary>Settles it, unless it is.</summary>
        public void Finish(object reply)
        {
            if (IsDone)
                return;
            try
            {
                result = WithParts(reply);
            }
            catch (TooLargeException failure)
            {
                error = failure;
            }
        }

        /// <summary>Settles it, unless it is.</summary>
        public void Fail(Exception failure)
        {
            if (!IsDone)
                error = failure;
        }

        /// <summary>Tells whoever waits for it how it was settled.</summary>
        public void Tell()
        {
            if (error == null)
                answer.TrySetResult(result);
            else if (answer.TrySetException(error))
                // That nobody looks at a failure any more, since the caller has left, is no reason to speak of it.
                GC.KeepAlive(answer.Task.Exception);
        }

        /// <summary>A part of a read came, and more will.</summary>
        /// <exception cref="TooLargeException">It is more than can be held.</exception>
        public void Part(object reply, double now)
        {
            LateAt = now + patience;
            parts = parts ?? new Parts();
            parts.Add(TextOf(reply));
        }

        private static byte[] TextOf(object reply)
        {
            return reply as byte[] ?? ((Fetched)reply).Text;
        }

        private object WithParts(object reply)
        {
            if (parts == null)
                return reply;
            parts.Add(TextOf(reply));
            var all = parts.Joined();
            return reply is Fetched last ? new Fetched(last.Start, last.End, all) : (object)all;
        }
    }
}
