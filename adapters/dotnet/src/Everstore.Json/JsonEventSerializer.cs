using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Everstore.Client;
using Newtonsoft.Json;

namespace Everstore.Json
{
    /// <summary>
    /// Which class stands for which event type, both ways; the data is JSON on one line. Add every class before the serializer is
    /// used.
    /// </summary>
    /// <remarks>
    /// Without settings of its own, dates are written in ISO 8601 and UTC, properties under their names, and text that looks like
    /// a date stays text unless a property is one. Properties that a class no longer has are left out in reading.
    /// </remarks>
    public sealed class JsonEventSerializer : IEventSerializer
    {
        private readonly JsonSerializerSettings settings;
        private readonly Dictionary<Type, string> types = new Dictionary<Type, string>();
        private readonly Dictionary<string, Type> classes = new Dictionary<string, Type>();
        private readonly Dictionary<Type, string> bases = new Dictionary<Type, string>();
        private readonly ConcurrentDictionary<Type, string[]> furtherTypes = new ConcurrentDictionary<Type, string[]>();

        /// <summary>A serializer that knows no class yet.</summary>
        /// <param name="settings">How JSON is written and read, in place of the defaults; always on one line.</param>
        public JsonEventSerializer(JsonSerializerSettings settings = null)
        {
            this.settings = settings ?? new JsonSerializerSettings
            {
                DateFormatHandling = DateFormatHandling.IsoDateFormat,
                DateTimeZoneHandling = DateTimeZoneHandling.Utc,
                DateParseHandling = DateParseHandling.None,
                Culture = CultureInfo.InvariantCulture,
            };
        }

        /// <summary>Let a type stand for a class.</summary>
        /// <param name="type">Without one it is the class's name with its namespace, which changes when these do.</param>
        /// <exception cref="ArgumentException">The class or the type stands for something else already.</exception>
        /// <exception cref="NotAcceptableException">It is no event type.</exception>
        public JsonEventSerializer Add<T>(string type = null)
        {
            var name = TypeOf(typeof(T), type);
            if (types.ContainsKey(typeof(T)) || classes.ContainsKey(name))
                throw new ArgumentException($"the class {typeof(T)} or the event type {name} stands for something already");
            types.Add(typeof(T), name);
            classes.Add(name, typeof(T));
            return this;
        }

        /// <summary>
        /// Let commits of every event whose class derives from this class, or implements this interface, declare a type as well:
        /// two transactions that append different events of one family then conflict.
        /// </summary>
        /// <param name="type">Without one it is the name with its namespace.</param>
        /// <exception cref="NotAcceptableException">It is no event type.</exception>
        public JsonEventSerializer AddBase<T>(string type = null)
        {
            bases[typeof(T)] = TypeOf(typeof(T), type);
            return this;
        }

        /// <summary>Let these types be read as <see cref="Event"/>.</summary>
        /// <exception cref="ArgumentException">One of them stands for something else already.</exception>
        public JsonEventSerializer AddPlain(params string[] plain)
        {
            foreach (var type in plain)
                classes.Add(TypeOf(typeof(Event), type), typeof(Event));
            return this;
        }

        /// <inheritdoc />
        public Event Serialize(object value)
        {
            if (value == null)
                throw new ArgumentNullException(nameof(value));
            string type;
            if (!types.TryGetValue(value.GetType(), out type))
                throw new UnknownEventTypeException($"the class {value.GetType()} was not added to the serializer", value.GetType().ToString());
            return new Event(type, Written(value), furtherTypes.GetOrAdd(value.GetType(), FurtherTypesOf));
        }

        /// <inheritdoc />
        public object Deserialize(Event stored)
        {
            if (stored == null)
                throw new ArgumentNullException(nameof(stored));
            Type found;
            if (!classes.TryGetValue(stored.Type, out found))
                throw new UnknownEventTypeException($"the event type {stored.Type} was not added to the serializer", stored.Type);
            return found == typeof(Event) ? stored : Read(stored, found);
        }

        /// <summary>A name that can be one of an event's types; the event that is made finds out.</summary>
        private static string TypeOf(Type type, string name)
        {
            return new Event(name ?? type.FullName, "{}").Type;
        }

        private string[] FurtherTypesOf(Type type)
        {
            return bases.Where(each => each.Key.IsAssignableFrom(type)).Select(each => each.Value).ToArray();
        }

        private string Written(object value)
        {
            try
            {
                var text = new StringWriter(CultureInfo.InvariantCulture);
                using (var writer = new JsonTextWriter(text))
                {
                    var serializer = JsonSerializer.Create(settings);
                    serializer.Formatting = Formatting.None;
                    serializer.Serialize(writer, value);
                }
                return text.ToString();
            }
            catch (JsonException error)
            {
                throw new NotAcceptableException($"an object of {value.GetType()} has no JSON form: {error.Message}", error);
            }
        }

        private object Read(Event stored, Type type)
        {
            try
            {
                var serializer = JsonSerializer.Create(settings);
                serializer.CheckAdditionalContent = true;
                using (var reader = new JsonTextReader(new StringReader(stored.Data)))
                    return serializer.Deserialize(reader, type) ?? throw new JsonSerializationException("it is null");
            }
            catch (Exception error) when (!(error is OutOfMemoryException))
            {
                // Constructors and setters may throw whatever they like, and all of it means that the event is none of theirs.
                throw new UnreadableEventException($"an event of type {stored.Type} does not fit {type}: {error.Message}", error);
            }
        }
    }
}
