using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Everstore.Client;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Contract
{
    /// <summary>Plays a scenario of the contract, as its README says.</summary>
    public sealed class Scenario : IDisposable
    {
        private readonly JToken steps;
        private readonly int port;
        private readonly DateTimeOffset began = DateTimeOffset.UtcNow;
        private readonly Dictionary<string, EverstoreClient> clients = new Dictionary<string, EverstoreClient>();
        private readonly Dictionary<string, Transaction> transactions = new Dictionary<string, Transaction>();
        private readonly Dictionary<string, long> sizes = new Dictionary<string, long>();
        private readonly Dictionary<string, DateTimeOffset> moments = new Dictionary<string, DateTimeOffset>();

        public Scenario(JObject scenario, int port)
        {
            steps = scenario["steps"];
            this.port = port;
        }

        public async Task PlayAsync()
        {
            await ConnectAsync(JObject.Parse("{\"client\": \"db\", \"user\": \"admin\", \"password\": \"passwd\"}"));
            foreach (JObject step in steps)
            {
                try
                {
                    await TakeAsync(step);
                }
                catch (Exception error)
                {
                    var text = step.ToString(Formatting.None);
                    throw new CheckFailed($"in the step {text.Substring(0, Math.Min(text.Length, 500))}: {error}");
                }
            }
        }

        public void Dispose()
        {
            foreach (var client in clients.Values)
                client.Dispose();
        }

        private async Task TakeAsync(JObject step)
        {
            if (step["fails"] != null)
            {
                await FailAsync(step);
                return;
            }
            var result = await ActAsync(step);
            (result as CommitResult)?.EnsureCommitted();
            if (step["save"] != null && result != null)
                sizes[(string)step["save"]] = SizeOf(result);
            if (step["gives"] != null)
                Compare(result, step["gives"]);
        }

        private async Task FailAsync(JObject step)
        {
            var wanted = (string)step["fails"];
            try
            {
                var result = await ActAsync(step);
                (result as CommitResult)?.EnsureCommitted();
            }
            catch (EverstoreException error) when (error.GetType().Name == wanted + "Exception")
            {
                if (step["conflict"] != null)
                    CompareFields(Told(((ConflictException)error).Conflict), (JObject)step["conflict"]);
                return;
            }
            throw new CheckFailed($"nothing was thrown in place of {wanted}");
        }

        private async Task<object> ActAsync(JObject step)
        {
            switch ((string)step["do"])
            {
                case "connect": return await ConnectAsync(step);
                case "close": return Close(step);
                case "open": return await OpenAsync(step);
                case "add": return Add(step);
                case "declare": return Declare(step);
                case "commit": return await TransactionOf(step).CommitAsync();
                case "rollback": return Rollback(step);
                case "append": return await AppendAsync(step);
                case "read": return await ReadAsync(step);
                case "moment": return await MomentAsync(step);
                case "exists": return await ClientOf(step).JournalExistsAsync((string)step["journal"]);
                case "journals": return await ClientOf(step).JournalsAsync((string)step["prefix"]);
                case "stage": return Stage.Shared.Tell(step["command"]);
                case "load": return await LoadAsync(step);
                default: throw new CheckFailed($"there is no step {step["do"]}");
            }
        }

        private async Task<object> ConnectAsync(JObject step)
        {
            var url = $"everstore://{step["user"]}:{step["password"]}@127.0.0.1:{port}";
            clients.Add((string)step["client"], await EverstoreClient.ConnectAsync(url));
            return null;
        }

        private object Close(JObject step)
        {
            ClientOf(step).Dispose();
            return null;
        }

        private async Task<object> OpenAsync(JObject step)
        {
            var mustBeNew = (bool?)step["mustBeNew"] ?? false;
            var transaction = await ClientOf(step).OpenTransactionAsync((string)step["journal"], mustBeNew);
            transactions[(string)step["transaction"]] = transaction;
            return transaction;
        }

        private object Add(JObject step)
        {
            TransactionOf(step).AddRange(Lines(step["events"]).Select(Event.FromLine));
            return null;
        }

        private object Declare(JObject step)
        {
            TransactionOf(step).Declare(Words(step["types"]));
            return null;
        }

        private object Rollback(JObject step)
        {
            TransactionOf(step).Rollback();
            return null;
        }

        private async Task<object> AppendAsync(JObject step)
        {
            var events = Lines(step["events"]).Select(Event.FromLine);
            return await ClientOf(step).AppendAsync((string)step["journal"], events, ConditionOf(step), Words(step["types"]));
        }

        private AppendCondition ConditionOf(JObject step)
        {
            if ((bool?)step["mustBeNew"] ?? false)
                return AppendCondition.NewJournal;
            if (step["after"] == null)
                return null;
            var size = PositionOf(step["after"]);
            return step["depends"] == null ? AppendCondition.After(size) : AppendCondition.After(size, Words(step["depends"]));
        }

        private async Task<object> ReadAsync(JObject step)
        {
            var stamped = (bool?)step["timestamps"] ?? false;
            var events = await EventsOfAsync(step, stamped);
            if (stamped)
                CheckTimes(events);
            return events.Select(each => each.Line).ToList();
        }

        private async Task<IReadOnlyList<Event>> EventsOfAsync(JObject step, bool stamped)
        {
            if (step["transaction"] != null)
                return await TransactionOf(step).ReadAsync(PositionOf(step["since"] ?? 0), stamped);
            if (step["page"] != null)
                return await PagesAsync(step);
            return await ClientOf(step).ReadAsync((string)step["journal"], OptionsOf(step), stamped);
        }

        private async Task<IReadOnlyList<Event>> PagesAsync(JObject step)
        {
            var events = new List<Event>();
            var options = OptionsOf(step).InPagesOf((long)step["page"]);
            await ClientOf(step).ReadPagesAsync<Event>((string)step["journal"], options, page => Task.Run(() => events.AddRange(page.Events)));
            return events;
        }

        private ReadOptions OptionsOf(JObject step)
        {
            var options = ReadOptions.All.OfTypes(Words(step["types"]) ?? new string[0]);
            if (step["since"] != null)
                options = IsMoment(step["since"]) ? options.Since(MomentOf(step["since"])) : options.Since(PositionOf(step["since"]));
            if (step["until"] != null)
                options = IsMoment(step["until"]) ? options.Until(MomentOf(step["until"])) : options.Until(PositionOf(step["until"]));
            if (step["last"] != null)
                options = options.Last((int)step["last"]);
            return (bool?)step["newestFirst"] ?? false ? options.NewestFirst() : options;
        }

        /// <summary>Times count in milliseconds, and what is done in the same one as the moment would be on either side of it.</summary>
        private async Task<object> MomentAsync(JObject step)
        {
            var moment = DateTimeOffset.UtcNow.AddMilliseconds(2);
            moments[(string)step["save"]] = moment;
            while (DateTimeOffset.UtcNow <= moment.AddMilliseconds(1))
                await Task.Delay(1);
            return null;
        }

        private void CheckTimes(IReadOnlyList<Event> events)
        {
            var earlier = began - TimeSpan.FromSeconds(1);
            foreach (var moment in events.Select(each => each.Timestamp.Value))
            {
                Check.True(moment >= earlier, $"{moment:o} is before {earlier:o}");
                earlier = moment;
            }
            Check.True(earlier <= DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1), $"{earlier:o} is in the future");
        }

        private async Task<object> LoadAsync(JObject step)
        {
            var load = new CountedLoad(
                ClientOf(step),
                (int)step["transactions"],
                (int)step["journals"],
                (string)step["prefix"] ?? "/load/",
                (string)step["through"] == "transaction");
            await load.RunAsync((int)step["inFlight"]);
            await load.VerifyAsync();
            return null;
        }

        private EverstoreClient ClientOf(JObject step)
        {
            return clients[(string)step["client"] ?? "db"];
        }

        private Transaction TransactionOf(JObject step)
        {
            return transactions[(string)step["transaction"]];
        }

        private long PositionOf(JToken value)
        {
            return value.Type == JTokenType.String ? sizes[NameIn(value)] : (long)value;
        }

        private DateTimeOffset MomentOf(JToken value)
        {
            return moments[NameIn(value)];
        }

        private bool IsMoment(JToken value)
        {
            return value.Type == JTokenType.String && moments.ContainsKey(NameIn(value));
        }

        private static string NameIn(JToken value)
        {
            return ((string)value).Substring(1);
        }

        private static string[] Words(JToken words)
        {
            return words?.Select(each => (string)each).ToArray();
        }

        /// <summary>Events that a scenario spells out, or of which it gives a pattern.</summary>
        private static IReadOnlyList<string> Lines(JToken wanted)
        {
            if (wanted is JArray)
                return Words(wanted);
            var padding = new string('x', (int?)wanted["padding"] ?? 0);
            var line = ((string)wanted["line"]).Replace("~", padding);
            return Enumerable.Range(0, (int)wanted["count"]).Select(n => line.Replace("#", n.ToString())).ToList();
        }

        private static void Compare(object result, JToken wanted)
        {
            if (wanted is JValue value)
                Check.Equal(value.Value, result);
            else if (wanted is JArray || wanted["line"] != null)
                Check.Equal(Lines(wanted), result);
            else if (wanted["count"] != null)
                Check.Equal((int)wanted["count"], ((IReadOnlyList<string>)result).Count);
            else
                CompareFields(FieldsOf(result), (JObject)wanted);
        }

        private static void CompareFields(JObject found, JObject wanted)
        {
            foreach (var field in wanted.Properties())
                Check.Equal(field.Value.ToString(Formatting.None), found[field.Name].ToString(Formatting.None));
        }

        private static JObject FieldsOf(object result)
        {
            if (result is Transaction transaction)
                return JObject.FromObject(new { size = transaction.Size, exists = transaction.Exists });
            if (result is CommitResult commit)
                return JObject.FromObject(new { size = commit.Size, events = commit.Events });
            return (JObject)result;
        }

        private static long SizeOf(object result)
        {
            return (long)FieldsOf(result)["size"];
        }

        private static JObject Told(Conflict conflict)
        {
            var events = conflict.Events?.Select(each => each.Line);
            return JObject.FromObject(new { types = conflict.Types, size = conflict.Size, until = conflict.Until, events });
        }
    }
}
