using System;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>What is to be appended: the position is what <see cref="Condition.Unchanged"/> is about. Types are joined by newlines.</summary>
    internal sealed class Wanted
    {
        public readonly string Journal;
        public readonly byte[] Name;
        public readonly byte[] Events;
        public readonly byte[] Declares;
        public readonly Condition Condition;
        public readonly ulong Position;
        public readonly byte[] Depends;

        public Wanted(string journal, byte[] name, byte[] events, byte[] declares, Condition condition, ulong position, byte[] depends)
        {
            Journal = journal;
            Name = name;
            Events = events;
            Declares = declares;
            Condition = condition;
            Position = position;
            Depends = depends;
        }

        /// <summary>Addressed for the first time, once it is known that it can be said.</summary>
        /// <exception cref="TooLargeException">The server would not hear it.</exception>
        public Post AddressedTo(Native native)
        {
            if (Math.Max(Declares.Length, Depends.Length) > ushort.MaxValue)
                throw new TooLargeException($"the types of an append are over {ushort.MaxValue} bytes, which is all that can be said");
            var size = (long)Wire.Append.FixedBytes + Name.Length + Declares.Length + Depends.Length + Events.Length;
            if (NativeRequests.AppendsFixedBytes + size > native.Hello.RequestBytesMax)
                throw new TooLargeException($"an append of {size} bytes is more than the server takes, {native.Hello.RequestBytesMax}");
            ulong sequence;
            var worker = native.WorkerOf(Name);
            var sender = native.Begin(worker, out sequence);
            var append = new Append(sequence, Position, Condition, Name, Declares, Depends, Events);
            return new Post(sender, append, native.Hello.Run, worker, false);
        }
    }

    /// <summary>Exactly once: one native append until its outcome is known, and what that outcome means.</summary>
    /// <remarks>
    /// <code>
    /// what comes                                      when nothing was sent before    when it was
    /// ----------------------------------------------  ------------------------------  -----------------
    /// it is written, or a conflict                    that                            that
    /// error 1 as its outcome: the server cannot know  UnknownError                    OutcomeUnknown
    /// another error as its outcome                    that error                      that error
    /// error 1 to the whole request, the connection    it is sent again, over another  the same
    ///   is lost
    /// no answer in time; cancelled                    that, when it had not left;     OutcomeUnknown
    ///                                                 else OutcomeUnknown
    /// no more may be sent again, nobody can be        that error                      OutcomeUnknown
    ///   reached
    /// </code>
    /// What is sent again is the same append: its sender, its sequence, and the run of the server in which it was first sent.
    /// </remarks>
    internal sealed class Appending
    {
        private readonly Performer performer;
        private readonly Wanted wanted;
        private readonly double until;
        private readonly Pauses pauses = Pauses.ToReconnect();
        private Post post;
        private bool wasSent;

        private Appending(Performer performer, Wanted wanted)
        {
            this.performer = performer;
            this.wanted = wanted;
            until = performer.ResendUntil;
            post = wanted.AddressedTo(performer.Native);
        }

        /// <summary>The outcome: code 0, or 7 for a conflict.</summary>
        /// <exception cref="OutcomeUnknownException">It may have been written, and the server could not be asked in time, or cannot know.</exception>
        /// <exception cref="EverstoreException">Any other: nothing was written.</exception>
        /// <exception cref="OperationCanceledException">Nothing was sent.</exception>
        public static async Task<Outcome> OnceAsync(Performer performer, Wanted wanted, CancellationToken cancellation)
        {
            var appending = new Appending(performer, wanted);
            try
            {
                return await appending.UntilKnownAsync(cancellation).ConfigureAwait(false);
            }
            finally
            {
                appending.post.Sender.End(appending.post.Append.Sequence);
            }
        }

        private async Task<Outcome> UntilKnownAsync(CancellationToken cancellation)
        {
            while (true)
            {
                Outcome outcome = null;
                EverstoreException lost = null;
                try
                {
                    outcome = await SentAsync(cancellation).ConfigureAwait(false);
                }
                catch (EverstoreException error) when (error is ConnectionLostException || error is UnknownErrorException)
                {
                    lost = error;
                }
                catch (Exception error) when (wasSent)
                {
                    throw Unknown(error);
                }
                if (lost == null)
                {
                    performer.TellAnswered();
                    return Judged(outcome);
                }
                await AddressAnewAsync(lost, cancellation).ConfigureAwait(false);
            }
        }

        private async Task<Outcome> SentAsync(CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            Connection link;
            var asked = performer.Ask(post, out link);
            try
            {
                return (Outcome)await link.AnswerOf(asked, cancellation).ConfigureAwait(false);
            }
            finally
            {
                wasSent |= asked.WasSent;
            }
        }

        private Outcome Judged(Outcome outcome)
        {
            if (outcome.Code == 0 || outcome.Code == ErrorCodes.Conflict)
                return outcome;
            var error = ErrorCodes.ToException(outcome.Code);
            if (post.Again && error is UnknownErrorException)
                throw Unknown(error);
            throw error;
        }

        /// <summary>The same append for a server that may have more or fewer workers than the one before.</summary>
        private async Task AddressAnewAsync(EverstoreException lost, CancellationToken cancellation)
        {
            try
            {
                await performer.GoElsewhereAsync(pauses.Next(), until, cancellation).ConfigureAwait(false);
            }
            catch (Exception) when (wasSent)
            {
                throw Unknown(lost);
            }
            var native = performer.Native;
            if (native == null)
                throw wasSent ? Unknown(lost) : lost;
            var run = wasSent ? post.Run : native.Hello.Run;
            post = new Post(post.Sender, post.Append, run, native.WorkerOf(wanted.Name), wasSent);
        }

        private EverstoreException Unknown(Exception reason)
        {
            return new OutcomeUnknownException(wanted.Journal, reason);
        }
    }
}
