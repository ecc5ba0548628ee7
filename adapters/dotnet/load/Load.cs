using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;

namespace Everstore.Load
{
    /// <summary>
    /// Appends one event at a time, so many of them in flight, and says how long it took:
    /// <c>load HOST PORT TRANSACTIONS IN_FLIGHT JOURNALS</c> prints one line of JSON.
    /// </summary>
    public static class Program
    {
        /// <summary>Runs it; 0 when there was no error.</summary>
        public static int Main(string[] arguments)
        {
            if (arguments.Length != 5)
            {
                Console.Error.WriteLine("load HOST PORT TRANSACTIONS IN_FLIGHT JOURNALS");
                return 2;
            }
            var numbers = arguments.Skip(1).Select(each => int.Parse(each, CultureInfo.InvariantCulture)).ToArray();
            var options = new EverstoreOptions { Host = arguments[0], Port = numbers[0] };
            using (var client = EverstoreClient.ConnectAsync(options).GetAwaiter().GetResult())
            {
                var load = new Appends(client, numbers[1], numbers[3]);
                var watch = Stopwatch.StartNew();
                load.RunAsync(numbers[2]).GetAwaiter().GetResult();
                var seconds = watch.Elapsed.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
                Console.WriteLine($"{{\"transactions\": {numbers[1]}, \"seconds\": {seconds}, \"errors\": {load.Errors}}}");
                return load.Errors == 0 ? 0 : 1;
            }
        }
    }

    /// <summary>Appends of <c>load.Counted {"n":i}</c> to the journals <c>/load/i</c> modulo their number.</summary>
    public sealed class Appends
    {
        private readonly EverstoreClient client;
        private readonly int transactions;
        private readonly int journals;
        private int begun = -1;
        private int errors;

        /// <summary>So many appends, each by itself.</summary>
        public Appends(EverstoreClient client, int transactions, int journals)
        {
            this.client = client;
            this.transactions = transactions;
            this.journals = journals;
        }

        /// <summary>How many failed.</summary>
        public int Errors => errors;

        /// <summary>All of them, so many at a time.</summary>
        public Task RunAsync(int inFlight)
        {
            return Task.WhenAll(Enumerable.Range(0, inFlight).Select(each => Task.Run(GoOnAsync)));
        }

        private async Task GoOnAsync()
        {
            for (var n = Interlocked.Increment(ref begun); n < transactions; n = Interlocked.Increment(ref begun))
            {
                try
                {
                    var one = new Event("load.Counted", "{\"n\":" + n.ToString(CultureInfo.InvariantCulture) + "}");
                    await client.AppendAsync("/load/" + (n % journals).ToString(CultureInfo.InvariantCulture), one).ConfigureAwait(false);
                }
                catch (EverstoreException error)
                {
                    Console.Error.WriteLine(error.Message);
                    Interlocked.Increment(ref errors);
                }
            }
        }
    }
}
