using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Tests.Contract;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Client
{
    /// <summary>Encrypted connections, to a server with a certificate.</summary>
    public static class TlsTests
    {
        [Test]
        public static async Task TheCertificateAndTheNameMustBeRight()
        {
            using (var server = Started())
            {
                var told = JObject.Parse(server.StandardOutput.ReadLine());
                await AppendsAndReadsAsync($"everstores://localhost:{told["port"]}?ca={told["ca"]}");
                await IsRefusedAsync($"everstores://127.0.0.1:{told["port"]}?ca={told["ca"]}");
                await IsRefusedAsync($"everstores://localhost:{told["port"]}?ca={told["stranger"]}");
                await IsRefusedAsync($"everstores://localhost:{told["port"]}");
                server.StandardInput.Close();
                server.WaitForExit();
            }
        }

        [Test]
        public static async Task AServerWithoutTlsIsNone()
        {
            var url = StandingServer.Url.Replace("everstore://", "everstores://") + "?timeout=5";
            await Check.ThrowsAsync<ConnectionLostException>(() => EverstoreClient.ConnectAsync(url));
        }

        [Test]
        public static async Task AFileThatHoldsNoCertificateIsTold()
        {
            foreach (var path in new[] { "/no/such/file", Path.Combine(Files.Adapter, "LICENSE") })
                await Check.ThrowsAsync<BadUrlException>(() => EverstoreClient.ConnectAsync($"{StandingServer.Url.Replace("everstore:", "everstores:")}?ca={path}"));
        }

        private static Process Started()
        {
            return Files.StartPython(Path.Combine(Files.Adapter, "tests", "tls_server.py"));
        }

        private static async Task AppendsAndReadsAsync(string url)
        {
            using (var client = await EverstoreClient.ConnectAsync(url))
            {
                var text = new string('x', 10000);
                await Task.WhenAll(Enumerable.Range(0, 200).Select(n => client.AppendAsync("/a", new Event("A", text))));
                await Task.WhenAll(Enumerable.Range(0, 20).Select(async n => Check.Equal(200, (await client.ReadAsync("/a")).Count)));
                var workers = JObject.Parse(await client.StatusAsync())["workers"];
                Check.Equal(0, workers.Sum(each => (int)each["lanes"]));
            }
        }

        private static async Task IsRefusedAsync(string url)
        {
            await Check.ThrowsAsync<ConnectionLostException>(() => EverstoreClient.ConnectAsync(url));
        }
    }
}
