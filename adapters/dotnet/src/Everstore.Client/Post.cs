using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>An append, addressed.</summary>
    internal sealed class Post
    {
        public readonly Sender Sender;
        public readonly Append Append;

        /// <summary>Of the server, when the append was sent for the first time.</summary>
        public readonly ulong Run;

        public readonly uint Worker;

        /// <summary>Whether it was sent before.</summary>
        public readonly bool Again;

        public Post(Sender sender, Append append, ulong run, uint worker, bool again)
        {
            Sender = sender;
            Append = append;
            Run = run;
            Worker = worker;
            Again = again;
        }

        /// <summary>Whether the two may stand in one request.</summary>
        public bool TravelsWith(Post other)
        {
            return Sender == other.Sender && Run == other.Run && Worker == other.Worker;
        }
    }
}
