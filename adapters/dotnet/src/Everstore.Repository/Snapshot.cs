namespace Everstore.Repository
{
    /// <summary>A state, and the journal's size in bytes up to which it was folded.</summary>
    public sealed class Snapshot<TState>
    {
        /// <summary>A state as of a size.</summary>
        public Snapshot(TState state, long size)
        {
            State = state;
            Size = size;
        }

        /// <summary>What the events made.</summary>
        public TState State { get; }

        /// <summary>In bytes.</summary>
        public long Size { get; }
    }

    /// <summary>
    /// Where snapshots are kept, so that a journal need not be read from its start again: a cache, of which any entry may be
    /// missing. Both methods may be called by several threads at once, of the thread pool.
    /// </summary>
    public interface ISnapshots<TState>
    {
        /// <summary>The snapshot of a journal, or null when there is none that can be used.</summary>
        Snapshot<TState> Load(string journal);

        /// <summary>Keep it in place of the last one.</summary>
        void Save(string journal, Snapshot<TState> snapshot);
    }
}
