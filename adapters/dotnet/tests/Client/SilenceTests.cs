using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Tests.Contract;

namespace Everstore.Tests.Client
{
    /// <summary>What becomes of requests that nobody answers, or that nobody takes.</summary>
    public static class SilenceTests
    {
        private static readonly Event One = new Event("A", "1");

        [Test]
        public static async Task AnAppendCancelledInFlightIsOfUnknownOutcome()
        {
            using (var server = new SilentServer())
            using (var client = await EverstoreClient.ConnectAsync(server.Url))
            using (var cancelling = new CancellationTokenSource())
            {
                var append = client.AppendAsync("/a", One, null, cancelling.Token);
                server.WaitFor(1);
                cancelling.Cancel();
                var error = await Check.ThrowsAsync<OutcomeUnknownException>(() => append);
                Check.Equal("/a", error.Journal);
                Check.True(error.InnerException is OperationCanceledException, "it does not say why");
            }
        }

        [Test]
        public static async Task AnAppendCancelledBeforeItLeavesIsNotSent()
        {
            using (var server = new SilentServer())
            using (var client = await EverstoreClient.ConnectAsync(server.Url))
            using (var cancelling = new CancellationTokenSource())
            {
                var first = client.AppendAsync("/a", One);
                server.WaitFor(1);
                var second = client.AppendAsync("/a", One, null, cancelling.Token);
                cancelling.Cancel();
                await Check.ThrowsAsync<OperationCanceledException>(() => second);
                Check.True(!first.IsCompleted, "the first one was answered by nobody");
            }
        }

        [Test]
        public static async Task AReadCancelledInFlightIsCancelled()
        {
            using (var server = new SilentServer())
            using (var client = await EverstoreClient.ConnectAsync(server.Url))
            using (var cancelling = new CancellationTokenSource())
            {
                var read = client.ReadAsync("/a", 0, false, cancelling.Token);
                server.WaitFor(1);
                cancelling.Cancel();
                await Check.ThrowsAsync<OperationCanceledException>(() => read);
                Check.True(read.IsCanceled, "its task is not cancelled");
            }
        }

        [Test]
        public static async Task DisposingFailsWhatIsPending()
        {
            using (var server = new SilentServer())
            {
                var client = await EverstoreClient.ConnectAsync(server.Url);
                var append = client.AppendAsync("/a", One);
                var read = client.ReadAsync("/a");
                server.WaitFor(2);
                var unsent = client.AppendAsync("/a", One);
                client.Dispose();
                await Check.ThrowsAsync<OutcomeUnknownException>(() => append);
                await Check.ThrowsAsync<ConnectionLostException>(() => read);
                await Check.ThrowsAsync<ConnectionLostException>(() => unsent);
                await Check.ThrowsAsync<ConnectionLostException>(() => client.ReadAsync("/a"));
            }
        }

        [Test]
        public static async Task WhatIsNotAnsweredInTimeFailsAndItsConnectionIsReplaced()
        {
            using (var server = new SilentServer())
            using (var client = await EverstoreClient.ConnectAsync(server.Url + "?timeout=0.5"))
            {
                var append = client.AppendAsync("/a", One);
                server.WaitFor(1);
                var unsent = client.AppendAsync("/a", One);
                await Check.ThrowsAsync<OutcomeUnknownException>(() => append);
                await Check.ThrowsAsync<EverstoreException>(() => unsent);
                await Check.ThrowsAsync<RequestTimeoutException>(() => client.JournalExistsAsync("/a"));
                Check.True(server.Connections > 1, "a connection of which nothing is heard was kept");
            }
        }

        [Test]
        public static async Task AServerThatIsAwayWasCertainlySentNothing()
        {
            var stage = Stage.Another();
            var port = stage.Start(1);
            using (var client = await EverstoreClient.ConnectAsync($"everstore://127.0.0.1:{port}?timeout=0.5"))
            {
                Check.Equal(28L, (await client.AppendAsync("/a", One)).Size);
                stage.Tell(new { @do = "end" });
                await Check.ThrowsAsync<ConnectionLostException>(() => client.AppendAsync("/a", One));
                await Check.ThrowsAsync<ConnectionLostException>(() => client.ReadAsync("/a"));
            }
            await Check.ThrowsAsync<ConnectionLostException>(() => EverstoreClient.ConnectAsync($"everstore://127.0.0.1:{port}"));
        }

        [Test]
        public static async Task WhatIsNoEverstoreServerIsTold()
        {
            using (var other = new OtherServer("HTTP/1.1 400 Bad Request\r\n\r\n"))
                await Check.ThrowsAsync<ProtocolException>(() => EverstoreClient.ConnectAsync(other.Url));
            using (var silent = new OtherServer(""))
                await Check.ThrowsAsync<RequestTimeoutException>(() => EverstoreClient.ConnectAsync(silent.Url + "?timeout=0.3"));
        }

        [Test]
        public static async Task AppendsThatWaitAtTheSameTimeLeaveInOneRequest()
        {
            using (var server = new SilentServer())
            {
                var client = await EverstoreClient.ConnectAsync(server.Url);
                var first = client.AppendAsync("/a", One);
                server.WaitFor(1);
                var others = Enumerable.Range(0, 255).Select(n => client.AppendAsync("/a", One)).ToList();
                var full = client.AppendAsync("/a", One);
                server.WaitFor(2);
                client.Dispose();
                var outcomes = await Task.WhenAll(others.Concat(new[] { first, full }).Select(NameOfErrorAsync));
                Check.True(outcomes.All(each => each == nameof(OutcomeUnknownException)), "some had not left");
            }
        }

        private static async Task<string> NameOfErrorAsync(Task task)
        {
            try
            {
                await task;
                return "";
            }
            catch (EverstoreException error)
            {
                return error.GetType().Name;
            }
        }
    }
}
