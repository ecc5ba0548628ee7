using System;
using System.Collections.Generic;
using System.Linq;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>What a conversation is at.</summary>
    internal enum ConversationState
    {
        /// <summary>The server has not greeted yet.</summary>
        Greeting,

        /// <summary>The login and a first question are said; a login that succeeds is not answered.</summary>
        Opening,

        /// <summary>The first question was answered.</summary>
        Open,

        /// <summary>The stream has ended, or was rubbish, or the login was refused.</summary>
        Lost,
    }

    /// <summary>
    /// One connection's conversation, without the connection: which requests wait, and what each piece of the answers means.
    /// </summary>
    /// <remarks>
    /// A shell gives it what came (<see cref="Receive"/>), sends what it has to say (<see cref="Outgoing"/>), and tells it when
    /// the stream ended (<see cref="Lose"/>); one thread at a time. Then it tells those whose answers came (<see cref="Settled"/>). Laws: every <see cref="Pending"/> is done exactly once; a
    /// UID is not used again while its answer may still come; parts of different reads may interleave; an error ends a read even
    /// between two of its parts; the answer to a request that nobody waits for any more is dropped; an append is said at most
    /// once, unless its request was refused whole for another's sake.
    /// </remarks>
    internal sealed class Conversation
    {
        private readonly Request login;
        private readonly Senders senders;
        private readonly FrameCutter cutter = new FrameCutter();
        private readonly Outbox outbox = new Outbox();
        private readonly Dictionary<uint, Pending> pending = new Dictionary<uint, Pending>();
        private readonly HashSet<uint> forgotten = new HashSet<uint>();
        private readonly List<byte[]> said = new List<byte[]>();
        private List<Pending> settled = new List<Pending>();
        private ByteOrder order = ByteOrder.Little;
        private Pending firstQuestion;
        private uint lastUid;
        private double heardAt;

        /// <summary>The credentials are said when the server asks for a login. <paramref name="senders"/>: who appends over it.</summary>
        public Conversation(string user, string password, Senders senders)
        {
            login = Requests.Authenticate(Utf8.Strict.GetBytes(user), Utf8.Strict.GetBytes(password));
            this.senders = senders;
        }

        public ConversationState State { get; private set; } = ConversationState.Greeting;

        /// <summary>Why it is lost.</summary>
        public EverstoreException Error { get; private set; }

        /// <summary>Null for a server that only knows version 1.</summary>
        public Native Native { get; private set; }

        public bool IsLost => State == ConversationState.Lost;

        /// <summary>Whether it is not yet known if the server lets this client in.</summary>
        public bool IsOpening => State == ConversationState.Greeting || State == ConversationState.Opening;

        /// <summary>How many requests and appends wait: for their answer, or to leave.</summary>
        public int Waiting => pending.Count + outbox.Count;

        /// <summary>Whether there is something to be sent now.</summary>
        public bool HasOutgoing => said.Count > 0 || outbox.IsReady();

        /// <summary>Say a request.</summary>
        /// <exception cref="ConnectionLostException">The conversation is over; the request was not said.</exception>
        public Pending Ask(Request request)
        {
            RequireAlive();
            return Say(request, new Pending(request.Kind));
        }

        /// <summary>Say an append, together with others.</summary>
        /// <exception cref="ConnectionLostException">The conversation is over; the append was not said.</exception>
        public Pending Ask(Post post)
        {
            RequireAlive();
            var asked = new Pending(post);
            outbox.Add(asked);
            return asked;
        }

        /// <summary>Say a request whose answer matters to nobody. Does nothing once the conversation is over.</summary>
        public void Tell(Request request)
        {
            if (IsLost)
                return;
            var uid = NextUid();
            said.Add(request.Encode(uid, order));
            forgotten.Add(uid);
        }

        /// <summary>Those who are to be told now, each of them once.</summary>
        public List<Pending> Settled()
        {
            var all = settled;
            if (all.Count > 0)
                settled = new List<Pending>();
            return all;
        }

        /// <summary>
        /// Nobody waits for it any more: it fails with this, and its answer, should it still come, is dropped. An append that has
        /// not left does not leave.
        /// </summary>
        public void Forget(Pending asked, Exception error)
        {
            Fail(asked, error);
            if (asked.Post != null)
            {
                outbox.Drop(asked);
                return;
            }
            Pending known;
            if (!pending.TryGetValue(asked.Uid, out known) || known != asked)
                return;
            pending.Remove(asked.Uid);
            forgotten.Add(asked.Uid);
        }

        /// <summary>What has been said since the last call, to be sent in one piece.</summary>
        public byte[] Outgoing()
        {
            for (var taken = outbox.Take(); taken != null; taken = outbox.Take())
                SayAppends(taken);
            var all = said.Count == 1 ? said[0] : Lines.Joined(said);
            said.Clear();
            return all;
        }

        /// <summary>Take what came.</summary>
        /// <exception cref="ProtocolException">It is not the protocol; the conversation is over, and whatever was pending has failed.</exception>
        public void Receive(byte[] data, int count, double now)
        {
            if (IsLost)
                return;
            heardAt = now;
            cutter.Feed(data, count);
            try
            {
                if (State == ConversationState.Greeting && !HasGreeted())
                    return;
                for (var frame = cutter.Next(); frame != null; frame = cutter.Next())
                    Hear(frame);
            }
            catch (ProtocolException error)
            {
                Lose(error);
                throw;
            }
        }

        /// <summary>The stream is over: whatever is pending fails, as does whatever will be asked.</summary>
        public void Lose(EverstoreException error)
        {
            if (IsLost)
                return;
            State = ConversationState.Lost;
            Error = error;
            foreach (var each in pending.Values)
                FailWith(each, error);
            pending.Clear();
            foreach (var unsent in outbox.Clear())
                Fail(unsent, new ConnectionLostException(error.Message, error));
        }

        /// <summary>Whoever waits for an answer that should have come by now.</summary>
        public List<Pending> LateAt(double now)
        {
            return pending.Values.SelectMany(each => each.Shared ?? new[] { each })
                .Concat(outbox.Waiting)
                .Where(each => each.LateAt <= now && !each.IsDone)
                .ToList();
        }

        private void FailWith(Pending asked, EverstoreException error)
        {
            foreach (var each in asked.Shared ?? new[] { asked })
                Fail(each, ErrorCodes.CopyOf(error));
        }

        private void Fail(Pending asked, Exception error)
        {
            asked.Fail(error);
            settled.Add(asked);
        }

        private void Finish(Pending asked, object reply)
        {
            asked.Finish(reply);
            settled.Add(asked);
        }

        private void RequireAlive()
        {
            if (IsLost)
                throw new ConnectionLostException($"the connection was lost: {Error.Message}", Error);
        }

        /// <summary>Any request proves the login, also one that is answered by an error. Native requests are little endian.</summary>
        private bool HasGreeted()
        {
            var greeting = cutter.Greeting();
            if (greeting == null)
                return false;
            order = greeting.Order;
            State = ConversationState.Opening;
            if (greeting.MustLogIn)
                Tell(login);
            firstQuestion = Ask(order == ByteOrder.Little ? NativeRequests.Hello() : Requests.Exists(Utf8.Strict.GetBytes("/everstore")));
            return true;
        }

        /// <summary>One request for all of them; when it is answered, so is each of them.</summary>
        private void SayAppends(IReadOnlyList<Pending> shared)
        {
            var first = shared[0].Post;
            outbox.Left(first.Worker);
            foreach (var each in shared)
                each.WasSent = true;
            var appends = shared.Select(each => each.Post.Append).ToList();
            var request = NativeRequests.Appends(first.Sender.Client, first.Run, first.Sender.Answered, first.Worker, appends);
            Say(request, new Pending(shared));
        }

        private Pending Say(Request request, Pending asked)
        {
            var uid = NextUid();
            said.Add(request.Encode(uid, order));
            asked.Uid = uid;
            asked.WasSent = true;
            pending.Add(uid, asked);
            return asked;
        }

        /// <summary>The next number that no request in flight has; they wrap around at 32 bits.</summary>
        private uint NextUid()
        {
            do
                lastUid = unchecked(lastUid + 1);
            while (pending.ContainsKey(lastUid) || forgotten.Contains(lastUid));
            return lastUid;
        }

        private void Hear(Frame frame)
        {
            Pending asked;
            if (!pending.TryGetValue(frame.Uid, out asked))
                HearForgotten(frame);
            else if (frame.Kind != Layouts.Error && frame.Kind != asked.Kind)
                throw new ProtocolException($"a request of type {asked.Kind} was answered by the type {frame.Kind}");
            else if (frame.Kind != Layouts.Error && frame.IsPart)
                HearPart(asked, frame);
            else
                HearEnd(asked, frame);
        }

        private void HearPart(Pending asked, Frame frame)
        {
            if (asked.Kind != Layouts.Read && asked.Kind != Layouts.Fetch)
                throw new ProtocolException($"a reply of type {asked.Kind} comes in parts");
            try
            {
                asked.Part(Replies.Decode(frame, order), heardAt);
            }
            catch (TooLargeException error)
            {
                // What still comes of it is dropped, and the others go on.
                Forget(asked, error);
            }
        }

        private void HearEnd(Pending asked, Frame frame)
        {
            var reply = Replies.Decode(frame, order);
            pending.Remove(frame.Uid);
            if (asked.Shared != null)
                outbox.Answered(asked.Shared[0].Post.Worker);
            if (frame.Kind == Layouts.Error)
                HearRefusal(asked, (uint)reply);
            else if (asked.Shared != null)
                HearOutcomes(asked.Shared, (Outcome[])reply);
            else
                Finish(asked, reply);
            HearFirst(asked, reply);
        }

        private void HearFirst(Pending asked, object reply)
        {
            if (asked != firstQuestion || State != ConversationState.Opening)
                return;
            State = ConversationState.Open;
            if (reply is Hello hello && hello.Revision > 0)
                Native = new Native(hello, senders);
        }

        /// <summary>A request that is refused whole may be so for one append of another's journal: each is asked by itself.</summary>
        private void HearRefusal(Pending asked, uint code)
        {
            var error = ErrorCodes.ToException(code);
            if (asked.Shared == null || asked.Shared.Count == 1 || error is UnknownErrorException)
            {
                FailWith(asked, error);
                return;
            }
            foreach (var alone in asked.Shared)
                SayAppends(new[] { alone });
        }

        private void HearOutcomes(IReadOnlyList<Pending> shared, Outcome[] outcomes)
        {
            if (outcomes.Length != shared.Count)
            {
                var error = new ProtocolException($"{shared.Count} appends were answered by {outcomes.Length} outcomes");
                foreach (var each in shared)
                    Fail(each, ErrorCodes.CopyOf(error));
                throw error;
            }
            for (var i = 0; i < outcomes.Length; i++)
                Finish(shared[i], outcomes[i]);
        }

        private void HearForgotten(Frame frame)
        {
            if (State == ConversationState.Opening && frame.Kind == Layouts.Error)
                Lose(ErrorCodes.ToException((uint)Replies.Decode(frame, order)));
            else if (IsLost)
                return;
            else if (!forgotten.Contains(frame.Uid))
                throw new ProtocolException($"an answer of type {frame.Kind} came for the request {frame.Uid}, which was not asked");
            else if (!frame.IsPart)
                forgotten.Remove(frame.Uid);
        }
    }
}
