using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Json;
using Everstore.Tests.Contract;

namespace Everstore.Tests.Client
{
    /// <summary>Journals page by page, from a real server; that nothing is lost is the contract's.</summary>
    public static class PageTests
    {
        private const int PageBytes = 1000;
        private const int LineBytes = 128;
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
        private static readonly ReadOptions SmallPages = ReadOptions.All.InPagesOf(PageBytes);
        private static readonly Event Line = new Event("A", new string('x', LineBytes - 27));

        [Test]
        public static async Task NoPageIsLargerThanWasAskedForAndOneEvent()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = await FilledAsync(client);
                var ends = new List<long> { 0 };
                var end = await client.ReadPagesAsync<Event>(
                    journal,
                    SmallPages,
                    page =>
                    {
                        Check.Equal((page.End - ends.Last()) / LineBytes, (long)page.Events.Count);
                        ends.Add(page.End);
                        return Task.CompletedTask;
                    });
                Check.Equal(100L * LineBytes, end);
                Check.Equal(end, ends.Last());
                var sizes = ends.Zip(ends.Skip(1), (before, after) => after - before).ToList();
                Check.True(sizes.All(each => each > 0 && each < PageBytes + LineBytes), string.Join(" ", sizes));
                Check.Equal(13, sizes.Count);
            }
        }

        [Test]
        public static async Task APageThatIsWorkedOnForLongHoldsUpNobody()
        {
            var options = StandingServer.Options;
            options.Connections = 1;
            using (var client = await EverstoreClient.ConnectAsync(options))
            {
                var journal = await FilledAsync(client);
                var working = new TaskCompletionSource<bool>();
                var release = new TaskCompletionSource<bool>();
                var pages = 0;
                var reading = client.ReadPagesAsync<Event>(
                    journal,
                    SmallPages,
                    page =>
                    {
                        pages++;
                        working.TrySetResult(true);
                        return release.Task;
                    });
                Check.True(working.Task.Wait(Patience), "no page came");
                for (var n = 0; n < 50; n++)
                    await client.AppendAsync(journal, Line);
                Check.Equal(150, (await client.ReadAsync(journal)).Count);
                Check.Equal(1, pages);
                release.SetResult(true);
                Check.Equal(100L * LineBytes, await reading);
            }
        }

        [Test]
        public static async Task WhatItsTakerThrowsEndsIt()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = await FilledAsync(client);
                var pages = 0;
                var thrown = new ConnectionLostException("another one");
                var error = await Check.ThrowsAsync<ConnectionLostException>(
                    () => client.ReadPagesAsync<Event>(
                        journal,
                        SmallPages,
                        page =>
                        {
                            pages++;
                            throw thrown;
                        }));
                Check.True(ReferenceEquals(thrown, error), error.Message);
                Check.Equal(1, pages);
                Check.Equal(100, (await client.ReadAsync(journal)).Count);
            }
        }

        [Test]
        public static async Task CancelledItAsksForNoFurtherPage()
        {
            using (var client = await StandingServer.ConnectAsync())
            using (var cancelling = new CancellationTokenSource())
            {
                var journal = await FilledAsync(client);
                var pages = 0;
                Func<Page<Event>, Task> take = page =>
                {
                    pages++;
                    cancelling.Cancel();
                    return Task.CompletedTask;
                };
                await Check.ThrowsAsync<OperationCanceledException>(() => client.ReadPagesAsync(journal, SmallPages, take, cancelling.Token));
                Check.Equal(1, pages);
            }
        }

        [Test]
        public static async Task WhatComesMeanwhileIsForTheNextTime()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = await FilledAsync(client);
                var found = 0;
                Func<Page<Event>, Task> take = async page =>
                {
                    found += page.Events.Count;
                    await client.AppendAsync(journal, new Event("B", "later"));
                };
                var end = await client.ReadPagesAsync(journal, SmallPages, take);
                Check.Equal("100 12800", $"{found} {end}");
                var pages = 0;
                Check.Equal((await client.AppendAsync(journal, Line)).Size, await client.ReadPagesAsync<Event>(
                    journal,
                    SmallPages.Since(end),
                    page =>
                    {
                        pages++;
                        Check.Equal("B later", page.Events[0].Line);
                        Check.Equal(14, page.Events.Count);
                        return Task.CompletedTask;
                    }));
                Check.Equal(1, pages);
            }
        }

        [Test]
        public static async Task WithoutEventsThereIsNoPage()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = await FilledAsync(client);
                Func<Page<Event>, Task> none = page => throw new CheckFailed("there is a page");
                var end = 100L * LineBytes;
                Check.Equal(end, await client.ReadPagesAsync(journal, SmallPages.OfTypes("B"), none));
                Check.Equal(end, await client.ReadPagesAsync(journal, SmallPages.Since(end), none));
                Check.Equal(end, await client.ReadPagesAsync(journal, SmallPages.Since(DateTimeOffset.UtcNow.AddDays(1)), none));
                Check.Equal(0L, await client.ReadPagesAsync(journal, SmallPages.Until(DateTimeOffset.UtcNow.AddDays(-1)), none));
                Check.Equal(0L, await client.ReadPagesAsync(journal + "/none", SmallPages, none));
            }
        }

        [Test]
        public static async Task PlacesThatAreNoneAreRefused()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = await FilledAsync(client);
                Func<Page<Event>, Task> none = page => throw new CheckFailed("there is a page");
                foreach (var options in new[]
                {
                    SmallPages.Since(1), SmallPages.Until(1), SmallPages.Since(1000 * LineBytes), SmallPages.Since(2 * LineBytes).Until(LineBytes),
                    SmallPages.Since(1).Until(1),
                })
                    await Check.ThrowsAsync<CannotReadException>(() => client.ReadPagesAsync(journal, options, none));
                await Check.ThrowsAsync<ArgumentException>(() => client.ReadPagesAsync(journal, SmallPages.Last(3), none));
                await Check.ThrowsAsync<ArgumentException>(() => client.ReadPagesAsync(journal, SmallPages.NewestFirst(), none));
                await Check.ThrowsAsync<ArgumentNullException>(() => client.ReadPagesAsync<Event>(journal, SmallPages, null));
                await Check.ThrowsAsync<ArgumentNullException>(() => client.ReadPagesAsync(journal, null, none));
            }
        }

        [Test]
        public static async Task ItGoesOnWhenWorkersDieBetweenPages()
        {
            var stage = Stage.Another();
            var port = stage.Start(1);
            using (var client = await EverstoreClient.ConnectAsync($"everstore://127.0.0.1:{port}"))
            {
                var found = 0;
                var deaths = 0;
                var journal = await FilledAsync(client);
                var end = await client.ReadPagesAsync<Event>(
                    journal,
                    SmallPages,
                    page =>
                    {
                        found += page.Events.Count;
                        if (deaths++ < 2)
                            stage.Tell(new { @do = "kill workers" });
                        return Task.CompletedTask;
                    });
                Check.Equal("100 12800", $"{found} {end}");
            }
        }

        [Test]
        public static async Task APageIsOfObjectsAndKnowsTheirTimes()
        {
            var options = StandingServer.Options;
            options.Serializer = new JsonEventSerializer().Add<Paged>("Paged");
            using (var client = await EverstoreClient.ConnectAsync(options))
            {
                var journal = StandingServer.Journal;
                var began = DateTimeOffset.UtcNow.AddSeconds(-1);
                await client.AppendAsync(journal, new Paged { Number = 7 });
                await client.ReadPagesAsync<Paged>(
                    journal,
                    ReadOptions.All,
                    page =>
                    {
                        Check.Equal(new[] { 7 }, page.Events.Select(each => each.Number));
                        Check.Equal("Paged {\"Number\":7}", page.Stamped.Single().Line);
                        Check.True(page.Stamped[0].Timestamp > began, "its time is none");
                        return Task.CompletedTask;
                    });
                Check.Equal(new[] { 7 }, (await client.ReadAsync<Paged>(journal, ReadOptions.All.Last(1))).Select(each => each.Number));
            }
        }

        [Test]
        public static async Task OfVersion1AllIsOnePageThatEndsWhereItShould()
        {
            using (var client = await EverstoreClient.ConnectAsync($"everstore://127.0.0.1:{Stage.Another().Start(1, "version 1")}"))
            {
                var journal = await FilledAsync(client);
                await Task.Delay(5);
                var between = DateTimeOffset.UtcNow;
                await Task.Delay(5);
                await client.AppendAsync(journal, Line);
                var pages = 0;
                Func<Page<Event>, Task> take = page =>
                {
                    pages++;
                    Check.Equal(99, page.Events.Count);
                    Check.Equal(100L * LineBytes, page.End);
                    return Task.CompletedTask;
                };
                Check.Equal(100L * LineBytes, await client.ReadPagesAsync(journal, SmallPages.Since(LineBytes).Until(between), take));
                Check.Equal(100L * LineBytes, await client.ReadPagesAsync(journal, SmallPages.Since(LineBytes).Until(100 * LineBytes), take));
                Check.Equal(2, pages);
            }
        }

        /// <summary>A journal of a hundred lines of one length.</summary>
        private static async Task<string> FilledAsync(EverstoreClient client)
        {
            var journal = StandingServer.Journal;
            Check.Equal(100L * LineBytes, (await client.AppendAsync(journal, Enumerable.Repeat(Line, 100))).Size);
            return journal;
        }

        public sealed class Paged
        {
            public int Number { get; set; }
        }
    }
}
