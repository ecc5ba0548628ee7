using System.Collections.Generic;
using System.Linq;
using Everstore.Client;
using Everstore.Client.Wire;

namespace Everstore.Tests.Pure
{
    /// <summary>Which appends leave together, and when.</summary>
    public static class OutboxTests
    {
        private static readonly byte[] Nothing = new byte[0];
        private static readonly Sender Sender = new Sender();

        [Test]
        public static void TheFirstLeavesAtOnceAndTheRestTogether()
        {
            var outbox = new Outbox();
            var first = Added(outbox);
            Check.Equal(new[] { first }, Taken(outbox));
            var others = new[] { Added(outbox), Added(outbox), Added(outbox) };
            Check.True(!outbox.IsReady() && outbox.Take() == null, "something leaves while a request is under way");
            outbox.Answered(1);
            Check.Equal(others, Taken(outbox));
            Check.Equal(0, outbox.Count);
        }

        [Test]
        public static void AFullRequestWaitsForNothing()
        {
            var outbox = new Outbox();
            Added(outbox);
            Taken(outbox);
            var many = Enumerable.Range(0, Limits.AppendsMax + 3).Select(each => Added(outbox)).ToList();
            Check.Equal(many.Take(Limits.AppendsMax), Taken(outbox));
            Check.True(!outbox.IsReady(), "those that are left are no full request");
            Check.Equal(3, outbox.Count);
        }

        [Test]
        public static void ARequestHasRoomForSoManyBytesAndForOneAppendOfAnySize()
        {
            var outbox = new Outbox();
            var large = Added(outbox, 1, 2 * Limits.AppendsBytesMax);
            var small = Added(outbox);
            Check.Equal(new[] { large }, Taken(outbox));
            Check.Equal(new[] { small }, outbox.Waiting);
        }

        [Test]
        public static void WorkersDoNotWaitForEachOther()
        {
            var outbox = new Outbox();
            var one = Added(outbox);
            var two = Added(outbox, 2);
            Check.Equal(new[] { one }, Taken(outbox));
            Check.Equal(new[] { two }, Taken(outbox));
        }

        [Test]
        public static void ThoseOfAnotherSenderOrRunTravelAlone()
        {
            var outbox = new Outbox();
            var one = Added(outbox);
            var other = outbox.Add(new Post(new Sender(), AppendOf(1), 7, 1, false));
            var again = outbox.Add(new Post(Sender, AppendOf(1), 6, 1, true));
            foreach (var each in new[] { one, other, again })
            {
                Check.Equal(new[] { each }, Taken(outbox));
                outbox.Answered(1);
            }
        }

        [Test]
        public static void WhatIsDroppedDoesNotLeave()
        {
            var outbox = new Outbox();
            var left = Added(outbox);
            Taken(outbox);
            var dropped = Added(outbox);
            Check.True(outbox.Drop(dropped) && !outbox.Drop(dropped) && !outbox.Drop(left), "one was waiting, once");
            outbox.Answered(1);
            Check.True(!outbox.IsReady() && outbox.Count == 0, "it is still there");
        }

        private static Pending Added(Outbox outbox, uint worker = 1, int bytes = 3)
        {
            return outbox.Add(new Post(Sender, AppendOf(bytes), 7, worker, false));
        }

        private static Pending Add(this Outbox outbox, Post post)
        {
            var pending = new Pending(post);
            outbox.Add(pending);
            return pending;
        }

        private static Append AppendOf(int bytes)
        {
            return new Append(1, 0, Condition.None, Nothing, Nothing, Nothing, new byte[bytes]);
        }

        private static List<Pending> Taken(Outbox outbox)
        {
            var taken = outbox.Take();
            outbox.Left(taken[0].Post.Worker);
            return taken;
        }
    }
}
