using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;

namespace Everstore.Tests.Contract
{
    /// <summary>Many transactions of one event, so many of them at a time, and whether each is there exactly once.</summary>
    public sealed class CountedLoad
    {
        private static readonly Regex Counted = new Regex("^\\{\"n\":(\\d+)\\}$");
        private readonly EverstoreClient client;
        private readonly int transactions;
        private readonly int journals;
        private readonly string prefix;
        private readonly bool throughTransactions;
        private int begun = -1;

        public CountedLoad(EverstoreClient client, int transactions, int journals, string prefix, bool throughTransactions)
        {
            this.client = client;
            this.transactions = transactions;
            this.journals = journals;
            this.prefix = prefix;
            this.throughTransactions = throughTransactions;
        }

        public Task RunAsync(int inFlight)
        {
            return Task.WhenAll(Enumerable.Range(0, inFlight).Select(each => Task.Run(GoOnAsync)));
        }

        public async Task VerifyAsync()
        {
            for (var journal = 0; journal < journals; journal++)
            {
                var found = (await client.ReadAsync($"{prefix}{journal}")).Select(NumberOf).OrderBy(each => each);
                Check.Equal(Enumerable.Range(0, transactions).Where(each => each % journals == journal), found);
            }
        }

        private static int NumberOf(Event one)
        {
            Check.Equal("load.Counted", one.Type);
            return int.Parse(Counted.Match(one.Data).Groups[1].Value);
        }

        private async Task GoOnAsync()
        {
            for (var n = Interlocked.Increment(ref begun); n < transactions; n = Interlocked.Increment(ref begun))
                (await CommitAsync($"{prefix}{n % journals}", new Event("load.Counted", $"{{\"n\":{n}}}"))).EnsureCommitted();
        }

        private Task<CommitResult> CommitAsync(string journal, Event one)
        {
            if (!throughTransactions)
                return client.AppendAsync(journal, one);
            return client.RunAsync(journal, transaction => Added(transaction, one), 1000);
        }

        private static Task Added(Transaction transaction, Event one)
        {
            transaction.Add(one);
            return Task.CompletedTask;
        }
    }
}
