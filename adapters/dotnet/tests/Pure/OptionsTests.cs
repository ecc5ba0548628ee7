using System;
using System.Collections.Generic;
using System.Linq;
using Everstore.Client;

namespace Everstore.Tests.Pure
{
    /// <summary>What URLs say.</summary>
    public static class OptionsTests
    {
        public static IEnumerable<object[]> Bad => new[]
        {
            "", "localhost:6929", "http://localhost", "everstore://localhost/path", "everstore://localhost#part", "everstore://h:0",
            "everstore://h:65536", "everstore://h?timeout=0", "everstore://h?timeout=nan", "everstore://h?timeout=x",
            "everstore://h?timeout=1e9", "everstore://h?connections=0", "everstore://h?connections=1.5", "everstore://h?other=1",
            "everstore://h?ca=/ca.pem", "everstores://h?ca=", "everstore://123456789012345678901234567890123:p@h",
        }.Select(each => new object[] { each, each });

        [Test]
        public static void AUrlSaysItAll()
        {
            var options = EverstoreOptions.Parse("everstores://sh%40p:p%3A:w@[::1]:7000?timeout=1.5&connections=2&ca=/etc/my%20ca.pem");
            Check.Equal("::1 7000 sh@p p::w 1.5 2 True /etc/my ca.pem", string.Join(
                " ", options.Host, options.Port, options.User, options.Password, "1.5", options.Connections, options.UseTls, options.CaFile));
            Check.Equal(TimeSpan.FromSeconds(1.5), options.Timeout);
            Check.Equal("everstores://sh@p@[::1]:7000", options.ToString());
        }

        [Test]
        public static void WhatIsLeftOutHasADefault()
        {
            var options = EverstoreOptions.Parse("everstore://db.example");
            Check.Equal("db.example 6929 admin passwd 6 False", string.Join(
                " ", options.Host, options.Port, options.User, options.Password, options.Connections, options.UseTls));
            Check.Equal("shop ", EverstoreOptions.Parse("everstore://shop@h").User + " " + EverstoreOptions.Parse("everstore://shop@h").Password);
        }

        [Test(Cases = nameof(Bad))]
        public static void WhatCannotBeIsRefused(string url)
        {
            Check.Throws<BadUrlException>(() => EverstoreOptions.Parse(url));
        }

        [Test]
        public static void APasswordIsInNoMessage()
        {
            var error = Check.Throws<BadUrlException>(() => EverstoreOptions.Parse("everstore://admin:secret@h:99999999"));
            Check.True(!error.Message.Contains("secret"), error.Message);
        }
    }
}
