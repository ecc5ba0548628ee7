namespace Everstore.Client
{
    /// <summary>
    /// Makes events of objects, and objects of events. Every method may be called by several threads at once.
    /// </summary>
    public interface IEventSerializer
    {
        /// <summary>The event that stands for an object: its type, its data, and what it declares besides.</summary>
        /// <exception cref="UnknownEventTypeException">No type stands for the object's class.</exception>
        /// <exception cref="NotAcceptableException">The object cannot be written down.</exception>
        Event Serialize(object value);

        /// <summary>The object that an event stands for.</summary>
        /// <exception cref="UnknownEventTypeException">No class stands for the event's type.</exception>
        /// <exception cref="UnreadableEventException">The event's data does not fit its class.</exception>
        object Deserialize(Event stored);
    }
}
