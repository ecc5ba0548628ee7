using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Everstore.Client
{
    /// <summary>The events of one commit, and the types that it declares for them.</summary>
    internal sealed class Batch
    {
        private readonly IEventSerializer serializer;
        private readonly List<Event> events = new List<Event>();
        private readonly List<string> types = new List<string>();

        public Batch(IEventSerializer serializer)
        {
            this.serializer = serializer;
        }

        public int Count => events.Count;

        public IReadOnlyList<string> Types => types;

        /// <summary>All of them, or none when one of them cannot be written down.</summary>
        public void Add(IEnumerable<object> values)
        {
            var added = values.Select(AsEvent).ToList();
            events.AddRange(added);
            foreach (var each in added)
            {
                Declare(each.Type);
                foreach (var further in each.FurtherTypes)
                    Declare(further);
            }
        }

        /// <summary>Types that are known to be such.</summary>
        public void Declare(string type)
        {
            // Few enough, and mostly one.
            if (!types.Contains(type))
                types.Add(type);
        }

        /// <summary>These, in place of those of its events.</summary>
        public void DeclareOnly(IEnumerable<string> only)
        {
            var replaced = only.Select(Names.EventType).ToList();
            types.Clear();
            replaced.ForEach(Declare);
        }

        /// <summary>The events as the commit carries them.</summary>
        /// <exception cref="NotAcceptableException">They have no UTF-8 form.</exception>
        public byte[] Text()
        {
            try
            {
                return Utf8.Strict.GetBytes(events.Count == 1 ? events[0].Line : string.Join("\n", events.Select(each => each.Line)));
            }
            catch (EncoderFallbackException error)
            {
                throw new NotAcceptableException($"an event has no UTF-8 form: {error.Message}", error);
            }
        }

        private Event AsEvent(object value)
        {
            if (value is Event ready)
                return ready;
            if (value == null || serializer == null)
                throw new NotAcceptableException(
                    $"without a serializer only an Event can be appended, not {(value == null ? "null" : "a " + value.GetType().Name)}");
            return serializer.Serialize(value);
        }
    }
}
