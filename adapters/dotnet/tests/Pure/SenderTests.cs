using System.Linq;
using System.Text;
using Everstore.Client;
using Everstore.Client.Wire;

namespace Everstore.Tests.Pure
{
    /// <summary>Who a client is, and what it says that it knows.</summary>
    public static class SenderTests
    {
        [Test]
        public static void WhatIsAnsweredPassesNoOpenAppend()
        {
            var sender = new Sender();
            Check.Equal(new ulong[] { 1, 2, 3 }, new[] { sender.Begin(), sender.Begin(), sender.Begin() });
            sender.End(2);
            Check.Equal(1UL, sender.Answered);
            sender.End(1);
            Check.Equal(3UL, sender.Answered);
            sender.End(3);
            Check.Equal(4UL, sender.Answered);
        }

        [Test]
        public static void AnotherGoesOnBehindAnOldOpenAppend()
        {
            var senders = new Senders();
            ulong sequence;
            var first = senders.Begin(1, 2, out sequence);
            for (var n = 1; n < Limits.OpenAppendsMax; n++)
            {
                Check.Equal(first, senders.Begin(1, 2, out sequence));
                first.End(sequence);
            }
            var second = senders.Begin(1, 2, out sequence);
            Check.True(second != first && sequence == 1, "the first one went on");
            Check.True(!second.Client.SequenceEqual(first.Client), "both are the same client");
            Check.True(senders.Begin(2, 2, out sequence) != second, "each worker has its own");
        }

        [Test]
        public static void AJournalsWorkerIsTheServers()
        {
            var native = new Native(new Hello(1, 5, 0, 7), new Senders());
            var names = new[] { "/a", "/user/42", "/load/0", "/load/999", "/ü€" };
            Check.Equal(new[] { 2u, 2u, 4u, 4u, 5u }, names.Select(each => native.WorkerOf(Encoding.UTF8.GetBytes(each))));
        }
    }
}
