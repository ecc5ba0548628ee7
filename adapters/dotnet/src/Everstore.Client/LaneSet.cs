using System.Collections.Generic;
using System.Threading.Tasks;
using Everstore.Client.Wire;

namespace Everstore.Client
{
    /// <summary>The lanes of one client: at most one to each worker, opened without anybody waiting for it.</summary>
    internal sealed class LaneSet
    {
        private readonly EverstoreOptions options;
        private readonly Senders senders;
        private readonly LanePlan plan;
        private readonly Dictionary<uint, Connection> lanes = new Dictionary<uint, Connection>(); // null: one that is being opened
        private bool isClosed;

        public LaneSet(EverstoreOptions options, Senders senders)
        {
            this.options = options;
            this.senders = senders;
            plan = new LanePlan(options.Lanes && !options.UseTls);
        }

        /// <summary>The lane to a worker, when there is one; else the connection itself, and there may soon be one.</summary>
        public Connection Of(uint worker, Connection beside)
        {
            lock (lanes)
            {
                Connection lane;
                if (lanes.TryGetValue(worker, out lane))
                    return lane == null ? beside : LaneIfAlive(worker, lane, beside);
                if (!isClosed && beside.IsAlive && plan.Wants(worker, Clock.Now))
                {
                    lanes.Add(worker, null);
                    GoOn(OpenAsync(worker, beside.Native.Hello));
                }
                return beside;
            }
        }

        public void Close(string reason)
        {
            lock (lanes)
            {
                isClosed = true;
                foreach (var lane in lanes.Values)
                    lane?.Close(reason);
                lanes.Clear();
            }
        }

        private static void GoOn(Task task)
        {
            // It ends by itself, and has told the plan of its failure.
        }

        private Connection LaneIfAlive(uint worker, Connection lane, Connection beside)
        {
            if (lane.IsAlive && lane.Native.Hello.Run == beside.Native.Hello.Run)
                return lane;
            Lost(worker, new ConnectionLostException("the lane was lost"));
            lane.Close("the lane leads to another server than the client");
            return beside;
        }

        private async Task OpenAsync(uint worker, Hello hello)
        {
            Connection lane = null;
            try
            {
                lane = await Connection.OpenAsync(options, senders).ConfigureAwait(false);
                if (lane.Native == null || lane.Native.Hello.Run != hello.Run)
                    throw new ConnectionLostException("another server is there now");
                await lane.Ask(NativeRequests.Lane(worker)).Answer.ConfigureAwait(false);
                Opened(worker, lane);
            }
            catch (EverstoreException error)
            {
                lane?.Close("the server gave no lane");
                Lost(worker, error);
            }
        }

        private void Opened(uint worker, Connection lane)
        {
            lock (lanes)
            {
                if (isClosed)
                    throw new ConnectionLostException("the client is closed");
                plan.Opened(worker);
                lanes[worker] = lane;
            }
        }

        private void Lost(uint worker, EverstoreException error)
        {
            lock (lanes)
            {
                lanes.Remove(worker);
                plan.Failed(worker, error, Clock.Now);
            }
        }
    }
}
