using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Tests.Contract;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Client
{
    /// <summary>What a client promises besides the contract, against a real server.</summary>
    public static class ClientTests
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

        [Test]
        public static async Task AContinuationThatBlocksHoldsUpNobody()
        {
            using (var client = await StandingServer.ConnectAsync())
            using (var released = new ManualResetEventSlim())
            using (var blocked = new ManualResetEventSlim())
            {
                var journal = StandingServer.Journal;
                var blocking = client.AppendAsync(journal, new Event("A", "1")).ContinueWith(
                    each =>
                    {
                        blocked.Set();
                        return released.Wait(Patience);
                    },
                    TaskContinuationOptions.ExecuteSynchronously);
                Check.True(blocked.Wait(Patience), "the continuation did not begin");
                for (var n = 0; n < 50; n++)
                    await client.AppendAsync(journal, new Event("A", "2"));
                released.Set();
                Check.True(await blocking, "nothing went on while a continuation blocked");
            }
        }

        [Test]
        public static void NoSynchronizationContextIsCaptured()
        {
            var before = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(new DeafContext());
            try
            {
                Check.True(UseEverything().Wait(Patience), "something waits for the thread that waits for it");
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(before);
            }
        }

        [Test]
        public static async Task WhatIsCancelledBeforeItIsSentIsNotWritten()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                var cancelled = new CancellationToken(true);
                await Check.ThrowsAsync<OperationCanceledException>(
                    () => client.AppendAsync(journal, new Event("A", "1"), null, cancelled));
                using (var transaction = await client.OpenTransactionAsync(journal))
                {
                    transaction.Add(new Event("A", "1"));
                    await Check.ThrowsAsync<OperationCanceledException>(() => transaction.CommitAsync(cancelled));
                }
                await Check.ThrowsAsync<OperationCanceledException>(() => client.ReadAsync(journal, 0, false, cancelled));
                Check.Equal(false, await client.JournalExistsAsync(journal));
            }
        }

        [Test]
        public static async Task ATransactionThatIsLeftIsRolledBack()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                Transaction left;
                using (left = await client.OpenTransactionAsync(journal))
                    left.Add(new Event("A", "1"));
                Check.True(!left.IsOpen, "it is still open");
                await Check.ThrowsAsync<TransactionEndedException>(() => left.CommitAsync());
                Check.Equal(false, await client.JournalExistsAsync(journal));
            }
        }

        [Test]
        public static async Task RunTriesAgainOnAConflictAndTellsOfTheLast()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                var runs = 0;
                Func<Transaction, Task> disturbed = async transaction =>
                {
                    if (Interlocked.Increment(ref runs) <= 2)
                        await client.AppendAsync(journal, new Event("A", "0"));
                    transaction.Add(new Event("A", runs.ToString()));
                };
                Check.True(!(await client.RunAsync(journal, disturbed, 2)).IsCommitted, "two conflicts are no commit");
                Check.True((await client.RunAsync(journal, disturbed, 2)).IsCommitted, "nothing was in the way");
                Check.Equal(new[] { "A 0", "A 0", "A 3" }, (await client.ReadAsync(journal)).Select(each => each.Line));
            }
        }

        [Test]
        public static async Task ABusyClientGetsALaneToEachWorkerAndOneThatMayNotNone()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                var until = DateTime.UtcNow + Patience;
                while (await LanesAsync(client) != "1 1")
                {
                    Check.True(DateTime.UtcNow < until, "no lanes were opened");
                    for (var n = 0; n < 40; n++)
                        await client.AppendAsync($"{journal}/{n}", new Event("A", "1"));
                }
                Check.Equal(new[] { "A 1" }, (await client.ReadAsync($"{journal}/0")).Select(each => each.Line).Distinct());
            }
            var options = StandingServer.Options;
            options.Lanes = false;
            using (var client = await EverstoreClient.ConnectAsync(options))
            {
                await Task.WhenAll(Enumerable.Range(0, 200).Select(n => client.AppendAsync($"/without/{n % 7}", new Event("A", "1"))));
                var connections = (int)JObject.Parse(await client.StatusAsync())["connections"];
                Check.Equal(1, connections);
            }
        }

        [Test]
        public static async Task JournalsAreListedFromWhereverOneWants()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var prefix = StandingServer.Journal + "/";
                await Task.WhenAll(Enumerable.Range(0, 7).Select(n => client.AppendAsync(prefix + n, new Event("A", "1"))));
                Check.Equal(new[] { "3", "4", "5" }.Select(each => prefix + each), await client.JournalsAsync(prefix, prefix + "2", 3));
            }
        }

        [Test]
        public static async Task EveryReadMayChoose()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                var seen = (await client.AppendAsync(journal, new Event("A", "1"))).Size;
                await client.AppendAsync(journal, new Event("B", "2"));
                await client.AppendAsync(journal, new Event("B", "3"));
                var chosen = ReadOptions.All.OfTypes("B").NewestFirst();
                Check.Equal(new[] { "B 3", "B 2" }, (await client.ReadAsync(journal, chosen)).Select(each => each.Line));
                Check.Equal(new[] { "B 3", "B 2" }, (await client.ReadAsync<Event>(journal, chosen)).Select(each => each.Line));
                Check.Equal(2, (await client.ReadAsync(journal, chosen, true)).Select(each => each.Timestamp.Value).Count());
                Check.Equal("B 3\nB 2", Encoding.UTF8.GetString(await client.ReadRawAsync(journal, chosen)));
                Check.Equal("B 2\nB 3", Encoding.UTF8.GetString(await client.ReadRawAsync(journal, seen)));
                Check.Equal(new[] { "B 2", "B 3" }, (await client.ReadAsync(journal, seen)).Select(each => each.Line));
                await Check.ThrowsAsync<ArgumentNullException>(() => client.ReadAsync(journal, null));
            }
        }

        [Test]
        public static async Task AppendsOfNothingWriteNothing()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                Check.Equal(0L, (await client.AppendAsync(journal, new Event[0])).Size);
                Check.Equal(false, await client.JournalExistsAsync(journal));
            }
        }

        [Test]
        public static async Task WhatTheServerWouldNotHearIsRefusedBefore()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                var large = new Event("A", new string('x', 17 * 1024 * 1024));
                await Check.ThrowsAsync<TooLargeException>(() => client.AppendAsync(journal, large));
                var many = Enumerable.Range(0, 9000).Select(n => $"type-{n}").ToArray();
                await Check.ThrowsAsync<TooLargeException>(() => client.AppendAsync(journal, new[] { new Event("A", "1") }, null, many));
                await Check.ThrowsAsync<NotAcceptableException>(() => client.AppendAsync(journal, "text"));
                await Check.ThrowsAsync<NotAcceptableException>(() => client.AppendAsync(journal, new Event("A", "\ud800")));
                Check.Equal(false, await client.JournalExistsAsync(journal));
            }
        }

        [Test]
        public static async Task WorkersSayHowTheyAreAndThereAreNoOthers()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                Check.True(JObject.Parse(await client.StatusAsync(2)).Count > 0, "worker 2 says nothing");
                await Check.ThrowsAsync<NoSuchWorkerException>(() => client.StatusAsync(3));
            }
        }

        [Test]
        public static async Task ManyThreadsThatBlockShareAClient()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                var threads = Enumerable.Range(0, 16).Select(n => new Thread(() => AppendBlocking(client, $"{journal}/{n % 3}"))).ToList();
                threads.ForEach(each => each.Start());
                threads.ForEach(each => each.Join());
                var counts = await Task.WhenAll(Enumerable.Range(0, 3).Select(n => client.ReadAsync($"{journal}/{n}")));
                Check.Equal(16 * 20, counts.Sum(each => each.Count));
            }
        }

        private static void AppendBlocking(EverstoreClient client, string journal)
        {
            for (var n = 0; n < 20; n++)
                client.AppendAsync(journal, new Event("A", "1")).Wait();
        }

        private static async Task UseEverything()
        {
            using (var client = await StandingServer.ConnectAsync().ConfigureAwait(false))
            {
                var journal = StandingServer.Journal;
                SynchronizationContext.SetSynchronizationContext(new DeafContext());
                client.AppendAsync(journal, new Event("A", "1")).Wait();
                client.ReadAsync(journal).Wait();
                client.ReadPagesAsync<Event>(journal, ReadOptions.All, page => Task.CompletedTask).Wait();
                client.JournalExistsAsync(journal).Wait();
                client.JournalsAsync(journal).Wait();
                client.StatusAsync().Wait();
                client.RunAsync(journal, transaction => transaction.ReadAsync()).Wait();
                var opened = client.OpenTransactionAsync(journal).Result;
                opened.Add(new Event("A", "2"));
                opened.CommitAsync().Wait();
            }
        }

        private static async Task<string> LanesAsync(EverstoreClient client)
        {
            return string.Join(" ", JObject.Parse(await client.StatusAsync())["workers"].Select(each => each["lanes"]));
        }

        /// <summary>Never runs what is posted to it, as a thread that waits cannot.</summary>
        private sealed class DeafContext : SynchronizationContext
        {
            public override void Post(SendOrPostCallback callback, object state)
            {
            }
        }
    }
}
