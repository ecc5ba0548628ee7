using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>How a transaction's commit reaches the server: as an append on a condition, or as version 1 has it.</summary>
    internal sealed class Committing
    {
        private readonly Performer performer;
        private readonly string journal;
        private readonly byte[] name;
        private readonly Opened opened;
        private readonly bool mustBeNew;
        private readonly IEventSerializer serializer;

        public Committing(
            Performer performer, string journal, byte[] name, Opened opened, bool mustBeNew, IEventSerializer serializer)
        {
            this.performer = performer;
            this.journal = journal;
            this.name = name;
            this.opened = opened;
            this.mustBeNew = mustBeNew;
            this.serializer = serializer;
        }

        public async Task<CommitResult> CommitAsync(Batch batch, byte[] text, CancellationToken cancellation)
        {
            if (mustBeNew && opened.Size > 0)
                return Ended(new CommitResult(new Conflict(journal, new[] { Names.NewJournal }, opened.Size)));
            if (batch.Count == 0)
                return Ended(new CommitResult(journal, opened.Size, 0));
            if (opened.Transaction != Reading.NoTransaction || performer.Native == null)
                return await CommitOfVersion1Async(batch, text, cancellation).ConfigureAwait(false);
            var condition = AppendCondition.After(opened.Size, batch.Types);
            return await AppendAsync(performer, journal, name, batch, text, condition, serializer, cancellation).ConfigureAwait(false);
        }

        /// <summary>
        /// An append where it takes a transaction: without events, or over version 1, where types that it depends on are declared,
        /// too, and whatever came before the transaction opened counts as a conflict.
        /// </summary>
        public async Task<CommitResult> AppendAsync(
            Batch batch, byte[] text, AppendCondition condition, CancellationToken cancellation)
        {
            if (condition.IsAfter && condition.Size != opened.Size && batch.Count > 0)
                return Ended(new CommitResult(new Conflict(journal, (condition.DependsOn ?? batch.Types).ToArray(), opened.Size)));
            foreach (var type in condition.DependsOn ?? new string[0])
                batch.Declare(type);
            try
            {
                return await CommitAsync(batch, text, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (!(error is OutcomeUnknownException))
            {
                Reading.End(performer, name, opened);
                throw;
            }
        }

        /// <summary>One native append.</summary>
        public static async Task<CommitResult> AppendAsync(
            Performer performer,
            string journal,
            byte[] name,
            Batch batch,
            byte[] text,
            AppendCondition condition,
            IEventSerializer serializer,
            CancellationToken cancellation)
        {
            var depends = condition.MustBeNew || condition.IsAfter ? condition.DependsOn ?? batch.Types : new string[0];
            var wanted = WantedOf(journal, name, batch, text, condition, depends);
            var outcome = await Appending.OnceAsync(performer, wanted, cancellation).ConfigureAwait(false);
            if (outcome.Code == 0)
                return new CommitResult(journal, (long)outcome.Position, batch.Count);
            // Made of their lines only when somebody looks: that may fail, and the conflict is what matters.
            Func<IReadOnlyList<Event>> events = () => Reading.Events(outcome.Text, true);
            var position = (long)outcome.Position;
            return new CommitResult(new Conflict(journal, depends.ToArray(), position, (long)outcome.Until, events, serializer));
        }

        private static Wanted WantedOf(
            string journal, byte[] name, Batch batch, byte[] text, AppendCondition condition, IReadOnlyList<string> depends)
        {
            var declares = Joined("\n", batch.Types);
            if (condition.MustBeNew)
                return new Wanted(journal, name, text, declares, Condition.New, 0, Joined("\n", depends));
            if (depends.Count == 0)
                return new Wanted(journal, name, text, declares, Condition.None, 0, Utf8.Nothing);
            return new Wanted(journal, name, text, declares, Condition.Unchanged, (ulong)condition.Size, Joined("\n", depends));
        }

        private static byte[] Joined(string separator, IReadOnlyList<string> types)
        {
            return Utf8.Strict.GetBytes(types.Count == 1 ? types[0] : string.Join(separator, types));
        }

        private CommitResult Ended(CommitResult result)
        {
            Reading.End(performer, name, opened);
            return result;
        }

        /// <summary>It is never sent again: a server of version 1 would not know it again.</summary>
        private async Task<CommitResult> CommitOfVersion1Async(Batch batch, byte[] text, CancellationToken cancellation)
        {
            var request = Requests.Commit(name, opened.Worker, opened.Transaction, Joined(",", batch.Types), text);
            var answer = performer.Say(request, cancellation);
            Decided decided;
            try
            {
                decided = (Decided)await answer.ConfigureAwait(false);
            }
            catch (Exception error) when (!(error is ServerException) || error is UnknownErrorException)
            {
                throw new OutcomeUnknownException(journal, error);
            }
            return decided.Success
                ? new CommitResult(journal, decided.Size, batch.Count)
                : new CommitResult(new Conflict(journal, batch.Types.ToArray(), decided.Size));
        }
    }
}
