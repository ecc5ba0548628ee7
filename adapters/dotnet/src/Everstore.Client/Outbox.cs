using System.Collections.Generic;

namespace Everstore.Client
{
    /// <summary>
    /// Appends on their way out of one connection: those to one worker that wait at the same time leave in one request.
    /// </summary>
    /// <remarks>
    /// A request leaves at once when none is under way to its worker, or when it is full; else it waits for the answer and
    /// takes along what has come meanwhile. So a single append waits for nothing, and many share the costs of a request, a
    /// batch and a sync. Appends keep their order; those of one request have one sender and one run.
    /// </remarks>
    internal sealed class Outbox
    {
        private readonly List<Queue> queues = new List<Queue>();
        private readonly Dictionary<uint, int> underWay = new Dictionary<uint, int>();

        /// <summary>How many appends wait.</summary>
        public int Count { get; private set; }

        public IEnumerable<Pending> Waiting
        {
            get
            {
                foreach (var queue in queues)
                {
                    foreach (var pending in queue.Waiting)
                        yield return pending;
                }
            }
        }

        public void Add(Pending pending)
        {
            var queue = queues.Find(each => each.Takes(pending.Post));
            if (queue == null)
                queues.Add(queue = new Queue());
            queue.Add(pending);
            Count++;
        }

        /// <summary>It need not leave any more; false when it has.</summary>
        public bool Drop(Pending pending)
        {
            foreach (var queue in queues)
            {
                if (!queue.Drop(pending))
                    continue;
                RemoveIfEmpty(queue);
                Count--;
                return true;
            }
            return false;
        }

        /// <summary>Whether something may leave now.</summary>
        public bool IsReady()
        {
            foreach (var queue in queues)
            {
                if (MayLeave(queue))
                    return true;
            }
            return false;
        }

        /// <summary>What may leave now in one request, or null; say that it has <see cref="Left"/> before the next.</summary>
        public List<Pending> Take()
        {
            foreach (var queue in queues)
            {
                if (!MayLeave(queue))
                    continue;
                var taken = queue.Take();
                Count -= taken.Count;
                RemoveIfEmpty(queue);
                return taken;
            }
            return null;
        }

        /// <summary>A request to the worker is under way.</summary>
        public void Left(uint worker)
        {
            underWay[worker] = UnderWayTo(worker) + 1;
        }

        /// <summary>It no longer is.</summary>
        public void Answered(uint worker)
        {
            underWay[worker] = UnderWayTo(worker) - 1;
        }

        /// <summary>All that waits, which will not leave.</summary>
        public List<Pending> Clear()
        {
            var all = new List<Pending>(Waiting);
            queues.Clear();
            Count = 0;
            return all;
        }

        private int UnderWayTo(uint worker)
        {
            int count;
            return underWay.TryGetValue(worker, out count) ? count : 0;
        }

        private bool MayLeave(Queue queue)
        {
            return queue.IsFull || UnderWayTo(queue.First.Worker) < Limits.AppendsUnderWay;
        }

        private void RemoveIfEmpty(Queue queue)
        {
            if (queue.IsEmpty)
                queues.Remove(queue);
        }

        /// <summary>What waits for one worker, of one sender and run; none is empty for long.</summary>
        private sealed class Queue
        {
            private readonly List<Pending> waiting = new List<Pending>();
            private long size;

            public IReadOnlyList<Pending> Waiting => waiting;

            public Post First => waiting[0].Post;

            public bool IsEmpty => waiting.Count == 0;

            public bool IsFull => waiting.Count >= Limits.AppendsMax || size >= Limits.AppendsBytesMax;

            public bool Takes(Post post)
            {
                return First.TravelsWith(post);
            }

            public void Add(Pending pending)
            {
                waiting.Add(pending);
                size += pending.Post.Append.Size;
            }

            public bool Drop(Pending pending)
            {
                if (!waiting.Remove(pending))
                    return false;
                size -= pending.Post.Append.Size;
                return true;
            }

            /// <summary>As many as one request may have, at least one.</summary>
            public List<Pending> Take()
            {
                var count = 0;
                var bytes = 0L;
                while (count < waiting.Count && count < Limits.AppendsMax)
                {
                    var next = waiting[count].Post.Append.Size;
                    if (count > 0 && bytes + next > Limits.AppendsBytesMax)
                        break;
                    bytes += next;
                    count++;
                }
                var taken = waiting.GetRange(0, count);
                waiting.RemoveRange(0, count);
                size -= bytes;
                return taken;
            }
        }
    }
}
