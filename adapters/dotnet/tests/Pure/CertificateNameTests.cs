using System.Collections.Generic;
using System.Linq;
using System.Text;
using Everstore.Client;

namespace Everstore.Tests.Pure
{
    /// <summary>For which hosts a certificate is.</summary>
    public static class CertificateNameTests
    {
        private static readonly byte[] Names = Der(
            0x30, Der(0x82, "db.example").Concat(Der(0x82, "*.wild.example")).Concat(Der(0x87, 127, 0, 0, 1)).Concat(Der(0x82, "10.0.0.1")).ToArray());

        public static IEnumerable<object[]> Hosts => new[]
        {
            new object[] { "db.example", true }, new object[] { "DB.Example", true }, new object[] { "a.wild.example", true },
            new object[] { "127.0.0.1", true }, new object[] { "other.example", false }, new object[] { "a.b.wild.example", false },
            new object[] { "wild.example", false }, new object[] { ".wild.example", false }, new object[] { "127.0.0.2", false },
            new object[] { "10.0.0.1", false }, new object[] { "", false },
        }.Select(each => new[] { each[0], each[0], each[1] });

        [Test(Cases = nameof(Hosts))]
        public static void ItIsForTheseHostsOnly(string host, bool isFor)
        {
            Check.Equal(isFor, CertificateNames.AnyCovers(Names, host));
        }

        [Test]
        public static void RubbishIsForNobody()
        {
            for (var count = 0; count < 14; count++)
                Check.True(!CertificateNames.AnyCovers(Names.Take(count).ToArray(), "db.example"), $"{count} bytes are for somebody");
            Check.True(!CertificateNames.AnyCovers(new byte[] { 0x30, 0x84, 1, 1, 1, 1, 0 }, "db.example"), "its length is out of all bounds");
        }

        private static byte[] Der(byte tag, string text)
        {
            return Der(tag, Encoding.ASCII.GetBytes(text));
        }

        private static byte[] Der(byte tag, params byte[] content)
        {
            return new[] { tag, (byte)content.Length }.Concat(content).ToArray();
        }
    }
}
