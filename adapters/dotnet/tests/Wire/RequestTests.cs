using System.Collections.Generic;
using System.Linq;
using System.Text;
using Everstore.Client;
using Everstore.Client.Wire;
using Everstore.Tests.Contract;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Wire
{
    /// <summary>Each request is the bytes of its vector.</summary>
    public static class RequestTests
    {
        public static IEnumerable<object[]> Vectors =>
            Files.Vectors("requests").Select(each => new object[] { each["name"], each });

        [Test(Cases = nameof(Vectors))]
        public static void IsTheBytesOfItsVector(JObject vector)
        {
            var order = (string)vector["order"] == "big" ? ByteOrder.Big : ByteOrder.Little;
            Check.Equal(Files.Bytes(vector["frame"]), RequestOf(vector).Encode((uint)vector["uid"], order));
        }

        [Test]
        public static void AllKindsOfRequestsAreThere()
        {
            Check.Equal(13 + 12, Vectors.Count());
        }

        [Test]
        public static void APositionPast32BitsIsTooLarge()
        {
            var name = Text("/u");
            Check.Throws<TooLargeException>(() => Requests.Read(name, 1, 1L << 32, 48, false));
            Check.Throws<TooLargeException>(() => Requests.Read(name, 1, 0, -1, false));
        }

        private static Request RequestOf(JObject vector)
        {
            var name = Text((string)vector["journal"] ?? "");
            var worker = (uint?)vector["worker"] ?? 0;
            switch ((string)vector["request"])
            {
                case "authenticate":
                    return Requests.Authenticate(Text((string)vector["user"]), Text((string)vector["password"]));
                case "new transaction":
                    return Requests.NewTransaction(name);
                case "commit":
                    return Requests.Commit(name, worker, (uint)vector["transaction"], Joined(vector["types"], ","), Joined(vector["events"]));
                case "rollback":
                    return Requests.Rollback(name, worker, (uint)vector["transaction"]);
                case "read":
                    return Requests.Read(name, worker, (long)vector["since"], (long)vector["size"], (bool)vector["timestamps"]);
                case "exists":
                    return Requests.Exists(name);
                case "status":
                    return Requests.Status(worker);
                case "list journals":
                    return Requests.ListJournals(Text((string)vector["prefix"]), Text((string)vector["after"]), (uint)vector["most"]);
                default:
                    return NativeRequestOf(vector, name, worker);
            }
        }

        private static Request NativeRequestOf(JObject vector, byte[] name, uint worker)
        {
            switch ((string)vector["request"])
            {
                case "native":
                    return NativeRequests.Hello();
                case "lane":
                    return NativeRequests.Lane((uint)vector["to"]);
                case "append":
                    var appends = vector["appends"].Select(AppendOf).ToList();
                    return NativeRequests.Appends(Files.Bytes(vector["client"]), Number(vector["run"]), Number(vector["answered"]), worker, appends);
                default:
                    return NativeRequests.Fetch(
                        name,
                        Number(vector["start"]),
                        Number(vector["end"]),
                        (bool)vector["timestamps"],
                        (FetchStart)(byte)vector["start_is"],
                        (FetchEnd)(byte)vector["end_is"],
                        Joined(vector["types"]));
            }
        }

        private static Append AppendOf(JToken each)
        {
            return new Append(
                Number(each["sequence"]),
                Number(each["position"]),
                (Condition)(byte)each["condition"],
                Text((string)each["journal"]),
                Joined(each["declares"]),
                Joined(each["depends"]),
                Joined(each["events"]));
        }

        private static ulong Number(JToken number)
        {
            return ulong.Parse(number.ToString());
        }

        private static byte[] Text(string text)
        {
            return Encoding.UTF8.GetBytes(text);
        }

        private static byte[] Joined(JToken words, string separator = "\n")
        {
            return Text(string.Join(separator, words.Select(each => (string)each)));
        }
    }
}
