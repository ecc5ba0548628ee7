namespace Everstore.Client.Wire
{
    /// <summary>What a fetch's start is.</summary>
    internal enum FetchStart : byte
    {
        /// <summary>0 or a former size of the journal.</summary>
        Position = 0,

        /// <summary>In milliseconds since 1970: the first event of then or later.</summary>
        Time = 1,

        /// <summary>A number of events, counted from the end.</summary>
        Last = 2,

        /// <summary>The same, the newest first.</summary>
        LastBackwards = 3,
    }

    /// <summary>What a fetch's end is. Nothing of that place is read.</summary>
    internal enum FetchEnd : byte
    {
        /// <summary>A former size of the journal; one past its size is its size.</summary>
        Position = 0,

        /// <summary>In milliseconds since 1970: events of then or later are left out.</summary>
        Time = 1,

        /// <summary>So many bytes of the journal behind the start, and on to the end of that event.</summary>
        Bytes = 2,
    }
}
