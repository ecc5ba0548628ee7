using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>
    /// One connection, which any number of threads and tasks may share. Two threads of its own stand behind it: one reads, the
    /// other writes and looks for answers that are late.
    /// </summary>
    /// <remarks>
    /// Neither takes part in the thread pool, so callers who block the pool's threads hold up their own continuations but never
    /// an answer or a request; and no callback of a caller runs in them. (Asynchronous reads were the alternative: each takes
    /// two more switches of threads under Mono, and in a starved pool they wait for half a second.) Requests of one moment
    /// leave together, since the writing thread takes whatever has been said when it gets to it.
    /// <para>
    /// Error handling: what the socket or the peer does wrong ends the conversation with a <see cref="ConnectionLostException"/>
    /// or <see cref="ProtocolException"/>, which reaches every request in flight.
    /// </para>
    /// </remarks>
    internal sealed class Connection
    {
        private readonly EverstoreOptions options;
        private readonly Conversation conversation;
        private readonly object turn = new object();
        private readonly double openUntil;
        private readonly TaskCompletionSource<Connection> opened =
            new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);

        private Socket socket;
        private Stream stream;
        private double heardAt;
        private double lookAt;
        private bool writerRests;
        private volatile bool isLost;

        private Connection(EverstoreOptions options, Senders senders)
        {
            this.options = options;
            conversation = new Conversation(options.User, options.Password, senders);
            openUntil = Clock.Now + 2 * options.TimeoutSeconds;
        }

        private double LookSeconds => Math.Min(options.TimeoutSeconds * Limits.LateLookPart, Limits.LateLookSecondsMax);

        /// <summary>How many requests wait for their answer.</summary>
        public int Waiting
        {
            get
            {
                lock (turn)
                    return conversation.Waiting;
            }
        }

        public bool IsAlive => !isLost;

        /// <summary>What the server is, when it knows the native requests.</summary>
        public Native Native { get; private set; }

        /// <summary>Connect and log in, within the timeout for each of the two. <paramref name="senders"/>: who appends over it.</summary>
        /// <exception cref="ConnectionLostException">Nobody answers there.</exception>
        /// <exception cref="AuthenticationFailedException">The server does not let this user in.</exception>
        /// <exception cref="ProtocolException">What answers there is no Everstore server.</exception>
        /// <exception cref="RequestTimeoutException">The server took the connection and stays silent.</exception>
        public static Task<Connection> OpenAsync(EverstoreOptions options, Senders senders)
        {
            var connection = new Connection(options, senders);
            Start(connection.Live, "reads");
            return connection.opened.Task;
        }

        /// <summary>Say a request.</summary>
        /// <exception cref="ConnectionLostException">The connection is lost; the request was not said.</exception>
        public Pending Ask(Request request)
        {
            lock (turn)
                return Waited(conversation.Ask(request), options.TimeoutSeconds);
        }

        /// <summary>Say an append, together with others. What is sent again must not leave late: the server remembers it for so
        /// long only.</summary>
        /// <exception cref="ConnectionLostException">The connection is lost; the append was not said.</exception>
        public Pending Ask(Post post)
        {
            var timeout = post.Again ? Math.Min(options.TimeoutSeconds, Limits.ResendSeconds) : options.TimeoutSeconds;
            lock (turn)
                return Waited(conversation.Ask(post), timeout);
        }

        /// <summary>Say a request whose answer matters to nobody.</summary>
        public void Tell(Request request)
        {
            lock (turn)
            {
                conversation.Tell(request);
                WakeWriter();
            }
        }

        /// <summary>The answer, unless the caller stops waiting for it before.</summary>
        public Task<object> AnswerOf(Pending asked, CancellationToken cancellation)
        {
            return cancellation.CanBeCanceled ? CancellableAnswerOf(asked, cancellation) : asked.Answer;
        }

        /// <summary>Nobody waits for it any more; an append that has not left does not leave.</summary>
        public void Forget(Pending asked, Exception error)
        {
            lock (turn)
                conversation.Forget(asked, error);
            TellSettled();
        }

        /// <summary>Close it; requests in flight fail.</summary>
        public void Close(string reason)
        {
            Lose(new ConnectionLostException(reason));
        }

        private static void Start(ThreadStart work, string does)
        {
            new Thread(work, Limits.ThreadStackBytes) { IsBackground = true, Name = "everstore " + does }.Start();
        }

        private async Task<object> CancellableAnswerOf(Pending asked, CancellationToken cancellation)
        {
            using (cancellation.Register(() => Forget(asked, new OperationCanceledException(cancellation))))
                return await asked.Answer.ConfigureAwait(false);
        }

        private Pending Waited(Pending asked, double timeout)
        {
            asked.WaitFor(timeout, Clock.Now);
            WakeWriter();
            return asked;
        }

        /// <summary>Not for what has to wait for an answer first: to wake a thread costs more than an append.</summary>
        private void WakeWriter()
        {
            if (!writerRests || !(conversation.HasOutgoing || conversation.IsLost))
                return;
            writerRests = false;
            Monitor.Pulse(turn);
        }

        /// <summary>The life of a connection, in the thread that reads.</summary>
        private void Live()
        {
            try
            {
                Dial();
                Start(Write, "writes");
                Read();
            }
            catch (EverstoreException error)
            {
                Lose(error);
            }
            catch (Exception error)
            {
                Lose(Broken(error));
            }
            finally
            {
                stream?.Dispose();
            }
        }

        private void Dial()
        {
            Socket dialled;
            var found = Dialling.Dial(options, out dialled);
            lock (turn)
            {
                socket = dialled;
                stream = found;
                if (conversation.IsLost)
                    throw conversation.Error;
            }
        }

        private void Read()
        {
            var buffer = new byte[Limits.ReceiveBytes];
            while (true)
            {
                var count = stream.Read(buffer, 0, buffer.Length);
                if (count == 0)
                    throw new ConnectionLostException($"{options} closed the connection");
                try
                {
                    lock (turn)
                        Take(buffer, count);
                }
                finally
                {
                    TellSettled();
                }
            }
        }

        private void Take(byte[] buffer, int count)
        {
            heardAt = Clock.Now;
            conversation.Receive(buffer, count, heardAt);
            if (conversation.IsLost)
                throw conversation.Error;
            if (conversation.State == ConversationState.Open && Native == null)
                Native = conversation.Native;
            if (conversation.State == ConversationState.Open)
                opened.TrySetResult(this);
            WakeWriter();
        }

        /// <summary>The writing thread.</summary>
        private void Write()
        {
            try
            {
                for (var data = NextOutgoing(); data != null; data = NextOutgoing())
                    stream.Write(data, 0, data.Length);
            }
            catch (Exception error)
            {
                Lose(Broken(error));
            }
        }

        /// <summary>Whatever it was: an exception that left one of these threads would end the program.</summary>
        private ConnectionLostException Broken(Exception error)
        {
            return new ConnectionLostException($"the connection to {options} broke: {error.Message}", error);
        }

        /// <summary>Waits for something to send; null when the connection is lost.</summary>
        private byte[] NextOutgoing()
        {
            while (true)
            {
                LookForLate(Clock.Now);
                lock (turn)
                {
                    if (conversation.IsLost)
                        return null;
                    if (!conversation.HasOutgoing)
                        Rest();
                    if (conversation.HasOutgoing)
                        return conversation.Outgoing();
                }
            }
        }

        /// <summary>Nothing can be late when nothing waits.</summary>
        private void Rest()
        {
            writerRests = true;
            if (conversation.Waiting == 0 && !conversation.IsOpening)
                Monitor.Wait(turn);
            else
                Monitor.Wait(turn, TimeSpan.FromSeconds(LookSeconds));
            writerRests = false;
        }

        private void LookForLate(double now)
        {
            if (now < lookAt)
                return;
            lookAt = now + LookSeconds;
            EverstoreException reason;
            lock (turn)
                reason = FailLate(now);
            TellSettled();
            if (reason != null)
                Lose(reason);
        }

        /// <summary>Why the connection is to be given up, if it is.</summary>
        private EverstoreException FailLate(double now)
        {
            if (conversation.IsOpening && now > openUntil)
                return new RequestTimeoutException($"{options} took the connection and stays silent");
            var late = conversation.LateAt(now);
            foreach (var each in late)
                conversation.Forget(each, new RequestTimeoutException($"no answer from {options} within {options.TimeoutText}"));
            // A peer that has vanished says nothing at all, and its connection would stay for as long as the system tries.
            return late.Count > 0 && heardAt < now - options.TimeoutSeconds
                ? new ConnectionLostException($"nothing was heard of {options} for {options.TimeoutText}")
                : null;
        }

        private void TellSettled()
        {
            List<Pending> settled;
            lock (turn)
                settled = conversation.Settled();
            // Many are told from within the thread pool, where a thread goes on with what it has queued itself; queued from outside,
            // each continuation wakes a thread (under Mono at 64 in flight 0.9 switches for an append, so 0.7).
            if (settled.Count > 1)
                ThreadPool.QueueUserWorkItem(Tell, settled);
            else
                Tell(settled);
        }

        private static void Tell(object settled)
        {
            foreach (var each in (List<Pending>)settled)
                each.Tell();
        }

        private void Lose(EverstoreException error)
        {
            lock (turn)
            {
                isLost = true;
                conversation.Lose(error);
                WakeWriter();
                HangUp();
            }
            TellSettled();
            // The first reason is the one: hanging up makes the thread that reads find another.
            if (opened.TrySetException(conversation.Error))
                GC.KeepAlive(opened.Task.Exception);
        }

        /// <summary>Wakes the thread that reads, which then disposes of the stream.</summary>
        private void HangUp()
        {
            try
            {
                socket?.Shutdown(SocketShutdown.Both);
            }
            catch (Exception error) when (error is SocketException || error is ObjectDisposedException)
            {
                // The peer was faster.
            }
        }
    }
}
