using System.Diagnostics;

namespace Everstore.Client
{
    /// <summary>A clock that only goes on, whatever is done to the machine's time.</summary>
    internal static class Clock
    {
        /// <summary>In seconds, since some moment.</summary>
        public static double Now => (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;
    }
}
