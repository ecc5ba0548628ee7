using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Everstore.Client;
using Everstore.Json;
using Everstore.Tests.Contract;
using Newtonsoft.Json;
using Newtonsoft.Json.Serialization;

namespace Everstore.Tests.Json
{
    /// <summary>What concerns everybody who asks for money.</summary>
    public interface IBilling
    {
    }

    public abstract class OrderEvent
    {
    }

    public sealed class OrderPlaced : OrderEvent
    {
        public OrderPlaced(string item, int count)
        {
            Item = item;
            Count = count;
        }

        public string Item { get; }

        public int Count { get; }
    }

    public sealed class OrderPaid : OrderEvent, IBilling
    {
        public decimal Amount { get; set; }

        public DateTime At { get; set; }

        public DateTimeOffset? Booked { get; set; }

        public string Note { get; set; }

        public object Anything { get; set; }
    }

    public sealed class Never
    {
        public Never Itself => this;
    }

    /// <summary>Classes and their events, both ways.</summary>
    public static class JsonTests
    {
        private static readonly DateTime Noon = new DateTime(2026, 11, 21, 12, 0, 0, 500, DateTimeKind.Utc);

        public static IEnumerable<object[]> Unfit => new[]
        {
            "no JSON", "[1]", "{\"Count\":\"many\"}", "null", "{\"Item\":", "{} {", "{\"Count\":99999999999999}",
        }.Select(each => new object[] { each, each });

        [Test]
        public static void AnObjectIsALineAndALineAnObject()
        {
            var serializer = Serializer();
            var stored = serializer.Serialize(new OrderPlaced("Läkerol €", 2));
            Check.Equal("order.Placed {\"Item\":\"Läkerol €\",\"Count\":2}", stored.Line);
            var placed = (OrderPlaced)serializer.Deserialize(stored);
            Check.Equal("Läkerol € 2", $"{placed.Item} {placed.Count}");
        }

        [Test]
        public static void DatesAreInIso8601AndUtc()
        {
            var serializer = Serializer();
            var booked = new DateTimeOffset(2026, 11, 21, 14, 0, 0, TimeSpan.FromHours(2));
            var paid = new OrderPaid { Amount = 12.50m, At = Noon, Booked = booked, Note = "2026-11-21T12:00:00Z" };
            var stored = serializer.Serialize(paid);
            Check.Equal(
                "{\"Amount\":12.50,\"At\":\"2026-11-21T12:00:00.5Z\",\"Booked\":\"2026-11-21T14:00:00+02:00\",\"Note\":\"2026-11-21T12:00:00Z\",\"Anything\":null}",
                stored.Data);
            var read = (OrderPaid)serializer.Deserialize(stored);
            Check.Equal(Noon, read.At);
            Check.Equal(DateTimeKind.Utc, read.At.Kind);
            Check.Equal(booked, read.Booked);
            Check.Equal("2026-11-21T12:00:00Z", read.Note);
            Check.Equal(12.50m, read.Amount);
        }

        [Test]
        public static void TextThatLooksLikeADateStaysText()
        {
            var read = (OrderPaid)Serializer().Deserialize(new Event("order.Paid", "{\"Anything\":\"2026-11-21T12:00:00Z\"}"));
            Check.Equal("2026-11-21T12:00:00Z", read.Anything);
        }

        [Test]
        public static void BasesAndInterfacesThatAreTypesAreDeclared()
        {
            var serializer = Serializer();
            Check.Equal(new[] { "order" }, serializer.Serialize(new OrderPlaced("a", 1)).FurtherTypes);
            Check.Equal(new[] { "billing", "order" }, serializer.Serialize(new OrderPaid()).FurtherTypes.OrderBy(each => each));
        }

        [Test]
        public static void AClassWithoutATypeHasItsName()
        {
            var serializer = new JsonEventSerializer().Add<OrderPlaced>();
            Check.Equal("Everstore.Tests.Json.OrderPlaced", serializer.Serialize(new OrderPlaced("a", 1)).Type);
        }

        [Test]
        public static void WhatIsNotKnownIsTold()
        {
            var serializer = Serializer();
            Check.Equal("order.Lost", Check.Throws<UnknownEventTypeException>(() => serializer.Deserialize(new Event("order.Lost", "{}"))).Type);
            Check.Equal(typeof(Never).ToString(), Check.Throws<UnknownEventTypeException>(() => serializer.Serialize(new Never())).Type);
            Check.Throws<NotAcceptableException>(() => new JsonEventSerializer().Add<Never>("n").Serialize(new Never()));
            Check.Throws<NotAcceptableException>(() => new JsonEventSerializer().Add<List<int>>());
        }

        [Test]
        public static void NothingStandsForTwoThings()
        {
            var serializer = Serializer();
            Check.Throws<ArgumentException>(() => serializer.Add<OrderPlaced>("other"));
            Check.Throws<ArgumentException>(() => serializer.Add<Never>("order.Placed"));
            Check.Throws<ArgumentException>(() => serializer.AddPlain("order.Placed"));
        }

        [Test(Cases = nameof(Unfit))]
        public static void WhatDoesNotFitIsTold(string data)
        {
            Check.Throws<UnreadableEventException>(() => Serializer().Deserialize(new Event("order.Placed", data)));
        }

        [Test]
        public static void OtherSettingsAreStillOnOneLine()
        {
            var settings = new JsonSerializerSettings
            {
                Formatting = Formatting.Indented,
                ContractResolver = new CamelCasePropertyNamesContractResolver(),
            };
            var stored = new JsonEventSerializer(settings).Add<OrderPlaced>("p").Serialize(new OrderPlaced("a\nb", 1));
            Check.Equal("{\"item\":\"a\\nb\",\"count\":1}", stored.Data);
        }

        [Test]
        public static async Task TwoOfOneFamilyConflictAndTheConflictTellsWhatCame()
        {
            var options = StandingServer.Options;
            options.Serializer = Serializer();
            using (var client = await EverstoreClient.ConnectAsync(options))
            {
                var journal = StandingServer.Journal;
                var seen = await client.AppendAsync(journal, new OrderPlaced("a", 1));
                await client.AppendAsync(journal, new OrderPaid { Amount = 1 });
                var refused = await client.AppendAsync(journal, new OrderPlaced("b", 2), AppendCondition.After(seen.Size));
                Check.True(!refused.IsCommitted, "they are of one family");
                Check.Equal(1m, ((OrderPaid)refused.Conflict.EventsAs<OrderEvent>().Single()).Amount);
                Check.Equal(
                    new[] { typeof(OrderPlaced), typeof(OrderPaid) },
                    (await client.ReadAsync<OrderEvent>(journal)).Select(each => each.GetType()));
                await Check.ThrowsAsync<UnreadableEventException>(() => client.ReadAsync<IBilling>(journal));
                await client.AppendAsync(journal, new Event("note", "\"plain\""));
                var objects = await client.ReadAsync<object>(journal);
                Check.True(objects[0] is OrderPlaced, "it is left as it was stored");
                Check.Equal("note \"plain\"", ((Event)objects.Last()).Line);
            }
        }

        private static JsonEventSerializer Serializer()
        {
            return new JsonEventSerializer()
                .Add<OrderPlaced>("order.Placed")
                .Add<OrderPaid>("order.Paid")
                .AddBase<OrderEvent>("order")
                .AddBase<IBilling>("billing")
                .AddPlain("note");
        }
    }
}
