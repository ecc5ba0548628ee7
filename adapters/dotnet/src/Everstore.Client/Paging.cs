using System;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// How far a journal was read page by page, up to where it ended at the beginning. Each page is asked for by itself, so a
    /// failed try is followed by another that changes nothing of what was read.
    /// </summary>
    internal sealed class Paging
    {
        private readonly byte[] name;

        /// <summary>What is still to be read; between positions once they are known.</summary>
        private ReadOptions rest;
        private bool isLocated;

        public Paging(byte[] name, ReadOptions options)
        {
            this.name = name;
            rest = options;
        }

        public bool IsOver { get; private set; }

        /// <summary>Where to go on: behind the last page.</summary>
        public long At { get; private set; }

        /// <summary>The lines of the next page with their times; none of them may be of the wanted types.</summary>
        public async Task<byte[]> NextAsync(Performer performer, CancellationToken cancellation)
        {
            if (performer.Native == null)
                return await AllAsync(performer, cancellation).ConfigureAwait(false);
            if (!isLocated)
                await LocateAsync(performer, cancellation).ConfigureAwait(false);
            return await PageAsync(performer, cancellation).ConfigureAwait(false);
        }

        /// <summary>A server of version 1 reads no pages: all of it is one.</summary>
        private async Task<byte[]> AllAsync(Performer performer, CancellationToken cancellation)
        {
            var all = await Reading.ChosenAsync(performer, name, rest, true, cancellation).ConfigureAwait(false);
            At = (long)all.End;
            IsOver = true;
            return all.Text;
        }

        /// <summary>Between which positions it is read, whatever is appended meanwhile. The server checks those that were given.</summary>
        private async Task LocateAsync(Performer performer, CancellationToken cancellation)
        {
            var end = NativeRequests.Fetch(name, 0, rest.End, false, FetchStart.Last, rest.EndIs);
            var until = (await performer.FetchAsync(name, end, cancellation).ConfigureAwait(false)).End;
            var since = rest.Start;
            if (rest.StartIs == FetchStart.Time)
            {
                var start = NativeRequests.Fetch(name, rest.Start, 0, false, FetchStart.Time, FetchEnd.Bytes);
                since = Math.Min(until, (await performer.FetchAsync(name, start, cancellation).ConfigureAwait(false)).Start);
            }
            rest = rest.Since((long)since).Until((long)until);
            isLocated = true;
        }

        private async Task<byte[]> PageAsync(Performer performer, CancellationToken cancellation)
        {
            var page = await performer.FetchAsync(name, Request(), cancellation).ConfigureAwait(false);
            IsOver = page.End >= rest.End;
            if (!IsOver && page.End <= rest.Start)
                throw new ProtocolException($"a page from {rest.Start} on ends at {page.End}, and there is more up to {rest.End}");
            At = (long)page.End;
            rest = rest.Since(At);
            return page.Text;
        }

        /// <summary>Where nothing is left it is asked for all the same: a start that is none is the server's error.</summary>
        private Request Request()
        {
            if (rest.Start >= rest.End)
                return rest.Fetch(name, true);
            var bytes = Math.Min((ulong)rest.PageBytes, rest.End - rest.Start);
            return NativeRequests.Fetch(name, rest.Start, bytes, true, FetchStart.Position, FetchEnd.Bytes, rest.TypesBytes());
        }
    }
}
