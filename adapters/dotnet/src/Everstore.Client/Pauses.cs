using System;

namespace Everstore.Client
{
    /// <summary>Pauses between tries: longer each time, and never the same for two clients that met each other.</summary>
    internal sealed class Pauses
    {
        private static readonly Random Chance = new Random();
        private readonly double longest;
        private double bound;

        public Pauses(double first, double longest)
        {
            bound = first;
            this.longest = longest;
        }

        public static Pauses ToReconnect()
        {
            return new Pauses(Limits.ReconnectPauseSeconds, Limits.ReconnectPauseSecondsMax);
        }

        /// <summary>The next pause in seconds, between none and a bound that doubles up to the longest.</summary>
        public double Next()
        {
            double part;
            lock (Chance)
                part = Chance.NextDouble();
            var pause = part * bound;
            bound = Math.Min(2 * bound, longest);
            return pause;
        }
    }
}
