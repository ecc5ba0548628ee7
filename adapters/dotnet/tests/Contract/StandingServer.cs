using System;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;

namespace Everstore.Tests.Contract
{
    /// <summary>A real server of two workers that stands for all tests that leave it whole.</summary>
    public static class StandingServer
    {
        private static readonly Lazy<int> Port = new Lazy<int>(() => Stage.Another().Start(2));
        private static int journals;

        public static string Url => $"everstore://127.0.0.1:{Port.Value}";

        public static EverstoreOptions Options => EverstoreOptions.Parse(Url);

        /// <summary>One that no other test has.</summary>
        public static string Journal => $"/own/{Interlocked.Increment(ref journals)}";

        public static Task<EverstoreClient> ConnectAsync()
        {
            return EverstoreClient.ConnectAsync(Url);
        }
    }
}
