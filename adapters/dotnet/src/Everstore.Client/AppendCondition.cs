using System;
using System.Collections.Generic;
using System.Linq;

namespace Everstore.Client
{
    /// <summary>Under which an append may happen.</summary>
    public sealed class AppendCondition
    {
        /// <summary>Always.</summary>
        public static readonly AppendCondition None = new AppendCondition(false, false, 0, null);

        /// <summary>If the journal does not exist yet.</summary>
        public static readonly AppendCondition NewJournal = new AppendCondition(true, false, 0, new[] { Names.NewJournal });

        private AppendCondition(bool mustBeNew, bool isAfter, long size, IReadOnlyList<string> dependsOn)
        {
            MustBeNew = mustBeNew;
            IsAfter = isAfter;
            Size = size;
            DependsOn = dependsOn;
        }

        /// <summary>Of which nothing may have come since; null for what the append itself declares.</summary>
        internal IReadOnlyList<string> DependsOn { get; }

        internal long Size { get; }

        internal bool MustBeNew { get; }

        internal bool IsAfter { get; }

        /// <summary>
        /// If no event came behind a former size of the journal that was declared with one of the types that this append
        /// declares.
        /// </summary>
        /// <param name="size">In bytes, as a <see cref="CommitResult"/> or <see cref="Transaction"/> tells it; 0 is the journal's start.</param>
        public static AppendCondition After(long size)
        {
            return new AppendCondition(false, true, Checked(size), null);
        }

        /// <summary>
        /// If no event came behind a former size of the journal that was declared with one of these types. Two that depend on
        /// one type and declare others do not conflict with each other.
        /// </summary>
        /// <param name="size">In bytes, as a <see cref="CommitResult"/> or <see cref="Transaction"/> tells it; 0 is the journal's start.</param>
        /// <param name="dependsOn">Types; none of them: the append always happens.</param>
        /// <exception cref="NotAcceptableException">One of them is no event type.</exception>
        public static AppendCondition After(long size, IEnumerable<string> dependsOn)
        {
            if (dependsOn == null)
                throw new ArgumentNullException(nameof(dependsOn));
            return new AppendCondition(false, true, Checked(size), dependsOn.Select(Names.EventType).Distinct().ToArray());
        }

        private static long Checked(long size)
        {
            if (size < 0)
                throw new ArgumentOutOfRangeException(nameof(size), size, "a journal's size is 0 or more");
            return size;
        }
    }
}
