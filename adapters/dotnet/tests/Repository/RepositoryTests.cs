using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Repository;
using Everstore.Tests.Contract;

namespace Everstore.Tests.Repository
{
    /// <summary>States folded from journals, and their snapshots on disk.</summary>
    public static class RepositoryTests
    {
        [Test]
        public static async Task AStateIsFoldedAndDecidedUponAgainOnAConflict()
        {
            using (var client = await StandingServer.ConnectAsync())
            {
                var journal = StandingServer.Journal;
                var counts = new JournalRepository<int, Event>(client, (count, one) => count + 1, () => 0);
                var decisions = 0;
                Func<int, IEnumerable<object>> decide = count =>
                {
                    if (Interlocked.Increment(ref decisions) == 1)
                        client.AppendAsync(journal, new Event("A", "0")).Wait();
                    return new[] { new Event("A", count.ToString()) };
                };
                Check.True((await counts.UpdateAsync(journal, decide)).IsCommitted, "nothing was in the way at last");
                Check.Equal(2, decisions);
                Check.Equal(2, await counts.GetAsync(journal));
                Check.Equal(new[] { "A 0", "A 1" }, (await client.ReadAsync(journal)).Select(each => each.Line));
                Check.Equal(0, (await counts.UpdateAsync(journal, count => new object[0])).Events);
            }
        }

        [Test]
        public static Task OnlyWhatIsNewerIsRead()
        {
            return InADirectory(async directory =>
            {
                using (var client = await StandingServer.ConnectAsync())
                {
                    var journal = StandingServer.Journal;
                    await client.AppendAsync(journal, Enumerable.Range(0, 10).Select(n => new Event("A", n.ToString())));
                    Check.Equal(Range(0, 10), await Folded(client, directory, journal, 10));
                    Check.Equal(Nothing, await Folded(client, directory, journal, 10));
                    await client.AppendAsync(journal, new Event("A", "10"));
                    Check.Equal(Range(10, 11), await Folded(client, directory, journal, 11));
                    Check.Equal(Range(10, 11), await Folded(client, directory, journal, 11));
                }
            });
        }

        [Test]
        public static Task ASnapshotOfAnotherJournalThatThisOneReplacedIsNotUsed()
        {
            return InADirectory(async directory =>
            {
                using (var client = await StandingServer.ConnectAsync())
                {
                    var journal = StandingServer.Journal;
                    await client.AppendAsync(journal, new[] { new Event("A", "0"), new Event("A", "1") });
                    foreach (var size in new[] { 10000L, 27L, 57L })
                    {
                        Snapshots(directory).Save(journal, new Snapshot<int>(99, size));
                        Check.Equal(Range(0, 2), await Folded(client, directory, journal, 2));
                    }
                }
            });
        }

        [Test]
        public static Task ATornSnapshotIsNotUsed()
        {
            return InADirectory(directory =>
            {
                var snapshots = Snapshots(directory);
                snapshots.Save("/a", new Snapshot<int>(1234, 56));
                var kept = snapshots.Load("/a");
                Check.Equal("1234 56", $"{kept.State} {kept.Size}");
                var path = Directory.GetFiles(directory).Single();
                var whole = File.ReadAllBytes(path);
                for (var count = 0; count < whole.Length; count++)
                {
                    File.WriteAllBytes(path, whole.Take(count).ToArray());
                    Check.Equal(null, snapshots.Load("/a"));
                    var bad = whole.ToArray();
                    bad[count] ^= 1;
                    File.WriteAllBytes(path, bad);
                    Check.Equal(null, snapshots.Load("/a"));
                }
                return Task.CompletedTask;
            });
        }

        [Test]
        public static Task ASnapshotOfAnotherVersionOrJournalIsNotUsed()
        {
            return InADirectory(directory =>
            {
                var snapshots = Snapshots(directory);
                snapshots.Save("/a", new Snapshot<int>(1, 28));
                Check.Equal(null, Snapshots(directory, "2").Load("/a"));
                Check.Equal(null, snapshots.Load("/b"));
                snapshots.Save("/b", new Snapshot<int>(2, 28));
                var files = Directory.GetFiles(directory);
                File.Delete(files[0]);
                File.Move(files[1], files[0]);
                Check.True(new[] { "/a", "/b" }.All(each => snapshots.Load(each) == null), "a snapshot stands for another journal");
                return Task.CompletedTask;
            });
        }

        [Test]
        public static Task SnapshotsAreReplacedWholeByManyAtOnce()
        {
            return InADirectory(async directory =>
            {
                var torn = 0;
                Action save = () =>
                {
                    var snapshots = Snapshots(directory);
                    for (var n = 1; n <= 50; n++)
                    {
                        snapshots.Save("/a", new Snapshot<int>(n, n));
                        var kept = snapshots.Load("/a");
                        if (kept == null || kept.State != kept.Size)
                            Interlocked.Increment(ref torn);
                    }
                };
                await Task.WhenAll(Enumerable.Range(0, 4).Select(each => Task.Run(save)));
                Check.Equal(0, torn);
                Check.Equal(1, Directory.GetFiles(directory).Length);
            });
        }

        private static readonly int[] Nothing = new int[0];

        private static IEnumerable<int> Range(int from, int to)
        {
            return Enumerable.Range(from, to - from);
        }

        /// <summary>The events that were read to count them.</summary>
        private static async Task<IReadOnlyList<int>> Folded(EverstoreClient client, string directory, string journal, int expected)
        {
            var read = new List<int>();
            var counts = new JournalRepository<int, Event>(
                client,
                (count, one) =>
                {
                    read.Add(int.Parse(one.Data));
                    return count + 1;
                },
                () => 0,
                Snapshots(directory),
                10);
            Check.Equal(expected, await counts.GetAsync(journal));
            return read;
        }

        private static DirectorySnapshots<int> Snapshots(string directory, string version = "1")
        {
            return new DirectorySnapshots<int>(
                directory,
                state => Encoding.UTF8.GetBytes(state.ToString()),
                bytes => int.Parse(Encoding.UTF8.GetString(bytes)),
                version);
        }

        private static async Task InADirectory(Func<string, Task> test)
        {
            var directory = Path.Combine(Path.GetTempPath(), "everstore-" + Guid.NewGuid().ToString("N"));
            try
            {
                await test(directory);
            }
            finally
            {
                Directory.Delete(directory, true);
            }
        }
    }
}
