using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Tests.Contract;

namespace Everstore.Tests
{
    /// <summary>Many transactions of one event, 64 of them in flight, through a server of two workers.</summary>
    public static class LoadTests
    {
        private const int Transactions = 100000;

        [Test]
        public static async Task EveryEventIsThereExactlyOnce()
        {
            using (var client = await EverstoreClient.ConnectAsync($"everstore://127.0.0.1:{Stage.Shared.Start(2)}"))
            {
                var load = new CountedLoad(client, Transactions, 1000, "/load/", false);
                var watch = Stopwatch.StartNew();
                await load.RunAsync(64);
                Console.WriteLine($"{Transactions / watch.Elapsed.TotalSeconds:0} transactions a second at 64 in flight");
                await load.VerifyAsync();
            }
        }
    }
}
