using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Client.Wire;
using Everstore.Tests.Contract;

namespace Everstore.Tests.Pure
{
    /// <summary>What a conversation makes of whatever comes, without a connection.</summary>
    public static class ConversationTests
    {
        private const string Hello = "01000000 01000000 00000001 0700000000000000";
        private static readonly byte[] Name = Encoding.UTF8.GetBytes("/a");

        public static IEnumerable<object[]> Rubbish => new[]
        {
            new object[] { "an answer to nothing", Frame(Layouts.Exists, 77, 0, "01") },
            new object[] { "an answer of another type", Frame(Layouts.Commit, 3, 0, "0100000000000000") },
            new object[] { "a part of what has no parts", Frame(Layouts.Exists, 3, Layouts.Multipart, "01") },
            new object[] { "a body that is none", Frame(Layouts.Exists, 3, 0, "0101") },
        };

        public static IEnumerable<object[]> IsLastPart => new[]
        {
            new object[] { "at its last part", true },
            new object[] { "before its last part", false },
        };

        [Test]
        public static void ItLogsInAndAsksAtOnce()
        {
            var conversation = Begun();
            Hear(conversation, new byte[] { 0, 1, 1 });
            var login = Requests.Authenticate(Encoding.UTF8.GetBytes("admin"), Encoding.UTF8.GetBytes("passwd"));
            var said = login.Encode(1, ByteOrder.Little).Concat(NativeRequests.Hello().Encode(2, ByteOrder.Little));
            Check.Equal(said, conversation.Outgoing());
            Check.True(conversation.IsOpening, "nothing was answered yet");
            Hear(conversation, Frame(Layouts.Native, 2, 0, Hello));
            Check.Equal(ConversationState.Open, conversation.State);
            Check.Equal(7UL, conversation.Native.Hello.Run);
        }

        [Test]
        public static void WithoutNativeRequestsItFallsBackToVersion1()
        {
            var conversation = Begun();
            Hear(conversation, new byte[] { 0, 1, 0 });
            Hear(conversation, Frame(Layouts.Error, 1, 0, "01000000"));
            Check.Equal(ConversationState.Open, conversation.State);
            Check.Equal(null, conversation.Native);
        }

        [Test]
        public static void ABigEndianServerIsAskedInVersion1()
        {
            var conversation = Begun();
            Hear(conversation, new byte[] { 1, 1, 0 });
            Check.Equal(Requests.Exists(Encoding.UTF8.GetBytes("/everstore")).Encode(1, ByteOrder.Big), conversation.Outgoing());
        }

        [Test]
        public static void ARefusedLoginIsTold()
        {
            var conversation = Begun();
            Hear(conversation, new byte[] { 0, 1, 1 });
            Hear(conversation, Frame(Layouts.Error, 1, 0, "02000000"));
            Check.True(conversation.Error is AuthenticationFailedException, "it is lost for another reason");
            Check.Throws<ConnectionLostException>(() => conversation.Ask(Requests.Exists(Name)));
        }

        [Test]
        public static void PartsOfDifferentReadsMayInterleave()
        {
            var conversation = Opened();
            var first = conversation.Ask(NativeRequests.Fetch(Name, 0, 9, false));
            var second = conversation.Ask(NativeRequests.Fetch(Name, 0, 9, false));
            Hear(conversation, Part(first, "4120", true));
            Hear(conversation, Part(second, "4220", true));
            Hear(conversation, Part(first, "31", false));
            Hear(conversation, Part(second, "32", false));
            Check.Equal("A 1", Encoding.UTF8.GetString(((Fetched)first.Answer.Result).Text));
            Check.Equal("B 2", Encoding.UTF8.GetString(((Fetched)second.Answer.Result).Text));
        }

        [Test]
        public static void AnErrorEndsAReadBetweenItsParts()
        {
            var conversation = Opened();
            var read = conversation.Ask(NativeRequests.Fetch(Name, 0, 9, false));
            Hear(conversation, Part(read, "4120", true));
            Hear(conversation, Frame(Layouts.Error, read.Uid, 0, "05000000"));
            Check.True(ErrorOf(read) is CannotReadException, "it has another error");
        }

        [Test(Cases = nameof(IsLastPart))]
        public static void AReadThatIsTooLargeFailsAndTheRestGoesOn(bool isLast)
        {
            var conversation = Opened();
            var read = conversation.Ask(NativeRequests.Fetch(Name, 0, 9, false));
            var next = conversation.Ask(Requests.Exists(Name));
            var mebibyte = new byte[1024 * 1024];
            for (var n = 0; n < 2047; n++)
                read.Part(mebibyte, 0);
            var head = Files.Bytes("0000000000000000 0900000000000000 00001000");
            Hear(conversation, PartOf(read, head.Concat(mebibyte).ToArray(), !isLast));
            Check.True(ErrorOf(read) is TooLargeException, "it has another error");
            if (!isLast)
                Hear(conversation, Part(read, "31", false));
            Hear(conversation, Frame(Layouts.Exists, next.Uid, 0, "01"));
            Check.Equal(true, next.Answer.Result);
            Check.Equal(0, conversation.Waiting);
        }

        [Test]
        public static void WhatNobodyWaitsForIsDroppedAndTheRestGoesOn()
        {
            var conversation = Opened();
            var left = conversation.Ask(NativeRequests.Fetch(Name, 0, 9, false));
            conversation.Forget(left, new RequestTimeoutException("late"));
            var next = conversation.Ask(Requests.Exists(Name));
            Hear(conversation, Part(left, "4120", true));
            Hear(conversation, Part(left, "31", false));
            Hear(conversation, Frame(Layouts.Exists, next.Uid, 0, "01"));
            Check.Equal(true, next.Answer.Result);
            Check.True(ErrorOf(left) is RequestTimeoutException, "it was answered after it was left");
        }

        [Test(Cases = nameof(Rubbish))]
        public static void RubbishEndsItAndFailsWhatIsPending(byte[] rubbish)
        {
            var conversation = Opened();
            var asked = conversation.Ask(Requests.Exists(Name));
            Check.Equal(3U, asked.Uid);
            Check.Throws<ProtocolException>(() => Hear(conversation, rubbish));
            Tell(conversation);
            Check.True(conversation.IsLost && ErrorOf(asked) is ProtocolException, "it goes on");
        }

        [Test]
        public static void WhatIsLostFailsAndWhatHasNotLeftWasNotSent()
        {
            var conversation = Opened();
            var sent = conversation.Ask(PostOf(1));
            conversation.Outgoing();
            var waiting = conversation.Ask(PostOf(2));
            conversation.Lose(new ConnectionLostException("it broke"));
            Tell(conversation);
            Check.True(ErrorOf(sent) is ConnectionLostException && sent.WasSent, "the first one had left");
            Check.True(ErrorOf(waiting) is ConnectionLostException && !waiting.WasSent, "the second one had not");
        }

        [Test]
        public static void ARequestThatIsRefusedForOneAppendIsSaidForEachByItself()
        {
            var conversation = Opened();
            conversation.Ask(PostOf(1));
            conversation.Outgoing();
            var others = new[] { conversation.Ask(PostOf(2)), conversation.Ask(PostOf(3)) };
            Hear(conversation, Outcomes(3, 1));
            conversation.Outgoing();
            Hear(conversation, Frame(Layouts.Error, 4, 0, "10000000"));
            Check.Equal(2, CountOfFrames(conversation.Outgoing()));
            Hear(conversation, Outcomes(5, 1));
            Hear(conversation, Frame(Layouts.Error, 6, 0, "10000000"));
            Check.Equal(0U, ((Outcome)others[0].Answer.Result).Code);
            Check.True(ErrorOf(others[1]) is NotAllowedException, "it has another error");
        }

        [Test]
        public static void ARequestWhoseWorkerDiedFailsForAll()
        {
            var conversation = Opened();
            var asked = new[] { conversation.Ask(PostOf(1)), conversation.Ask(PostOf(2)) };
            conversation.Outgoing();
            Hear(conversation, Frame(Layouts.Error, 3, 0, "01000000"));
            Check.True(asked.All(each => ErrorOf(each) is UnknownErrorException), "some have another error");
            Check.Equal(0, conversation.Waiting);
        }

        [Test]
        public static void AnotherNumberOfOutcomesThanAppendsIsRubbish()
        {
            var conversation = Opened();
            var asked = conversation.Ask(PostOf(1));
            conversation.Outgoing();
            Check.Throws<ProtocolException>(() => Hear(conversation, Outcomes(3, 2)));
            Tell(conversation);
            Check.True(ErrorOf(asked) is ProtocolException, "it has another error");
        }

        [Test]
        public static void WhatIsLateIsKnown()
        {
            var conversation = Opened();
            var read = conversation.Ask(NativeRequests.Fetch(Name, 0, 9, false));
            var sent = conversation.Ask(PostOf(1));
            conversation.Outgoing();
            var waiting = conversation.Ask(PostOf(2));
            foreach (var each in new[] { read, sent, waiting })
                each.WaitFor(30, 100);
            Check.Equal(0, conversation.LateAt(129).Count);
            var part = Part(read, "4120", true);
            conversation.Receive(part, part.Length, 120);
            Check.Equal(new[] { sent, waiting }, conversation.LateAt(131));
            Check.Equal(new[] { read, sent, waiting }, conversation.LateAt(150));
        }

        private static Conversation Begun()
        {
            return new Conversation("admin", "passwd", new Senders());
        }

        private static Conversation Opened()
        {
            var conversation = Begun();
            Hear(conversation, new byte[] { 0, 1, 1 });
            Hear(conversation, Frame(Layouts.Native, 2, 0, Hello));
            conversation.Outgoing();
            return conversation;
        }

        private static readonly Sender Sender = new Sender();

        private static Post PostOf(ulong sequence)
        {
            return new Post(Sender, new Append(sequence, 0, Condition.None, Name, new byte[0], new byte[0], Name), 7, 1, false);
        }

        private static byte[] Frame(uint kind, uint uid, uint properties, string body)
        {
            return new Request(kind, new uint[0], new[] { Files.Bytes(body) }, 1, properties).Encode(uid, ByteOrder.Little);
        }

        private static byte[] Part(Pending asked, string text, bool more)
        {
            var head = "0000000000000000 0900000000000000 0" + text.Length / 2 + "000000";
            return PartOf(asked, Files.Bytes(head + text), more);
        }

        private static byte[] PartOf(Pending asked, byte[] body, bool more)
        {
            var properties = more ? Layouts.Multipart : 0;
            return new Request(Layouts.Fetch, new uint[0], new[] { body }, 1, properties).Encode(asked.Uid, ByteOrder.Little);
        }

        private static byte[] Outcomes(uint uid, int count)
        {
            var each = "00000000 1c00000000000000 0000000000000000 00000000";
            return Frame(Layouts.Append, uid, 0, $"0{count}000000" + string.Concat(Enumerable.Repeat(each, count)));
        }

        private static void Hear(Conversation conversation, byte[] data)
        {
            conversation.Receive(data, data.Length, 0);
            Tell(conversation);
        }

        private static void Tell(Conversation conversation)
        {
            conversation.Settled().ForEach(each => each.Tell());
        }

        private static object ErrorOf(Pending asked)
        {
            Check.Equal(TaskStatus.Faulted, asked.Answer.Status);
            return asked.Answer.Exception.InnerException;
        }

        private static int CountOfFrames(byte[] data)
        {
            var count = 0;
            for (var at = 0; at < data.Length; count++)
                at += Layouts.HeaderBytes + (int)ByteOrder.Little.UInt32(data, at + 4);
            return count;
        }
    }
}
