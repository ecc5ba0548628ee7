namespace Everstore.Client.Wire
{
    /// <summary>A reply as it came: the header's fields, and the body.</summary>
    internal sealed class Frame
    {
        public readonly uint Kind;
        public readonly uint Uid;
        public readonly uint Properties;
        public readonly uint Worker;
        public readonly byte[] Body;

        public Frame(uint kind, uint uid, uint properties, uint worker, byte[] body)
        {
            Kind = kind;
            Uid = uid;
            Properties = properties;
            Worker = worker;
            Body = body;
        }

        /// <summary>Whether more parts follow.</summary>
        public bool IsPart => (Properties & Layouts.Multipart) != 0;
    }
}
