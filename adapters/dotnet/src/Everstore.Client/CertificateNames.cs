using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Everstore.Client
{
    /// <summary>For which hosts a certificate is: its alternative names, of which only DNS names and IP addresses count.</summary>
    /// <remarks>
    /// The framework compares names, too, but Mono reports one flaw of a certificate at most, and says nothing of the name when
    /// it does not know the CA.
    /// </remarks>
    internal static class CertificateNames
    {
        private const string AlternativeNames = "2.5.29.17";
        private const byte Sequence = 0x30;
        private const byte DnsName = 0x82;
        private const byte IpAddress = 0x87;

        public static bool Cover(X509Certificate2 certificate, string host)
        {
            var extension = certificate.Extensions.Cast<X509Extension>().FirstOrDefault(each => each.Oid.Value == AlternativeNames);
            return extension != null && AnyCovers(extension.RawData, host);
        }

        /// <summary>Of the names in an extension's DER, which may be rubbish.</summary>
        public static bool AnyCovers(byte[] der, string host)
        {
            IPAddress address;
            var isAddress = IPAddress.TryParse(host, out address);
            return NamesIn(der).Any(
                name => isAddress
                    ? name.Key == IpAddress && name.Value.SequenceEqual(address.GetAddressBytes())
                    : name.Key == DnsName && Covers(Encoding.ASCII.GetString(name.Value), host));
        }

        /// <summary>A star stands for the whole first part of a name.</summary>
        private static bool Covers(string pattern, string host)
        {
            if (!pattern.StartsWith("*.", StringComparison.Ordinal))
                return string.Equals(pattern, host, StringComparison.OrdinalIgnoreCase);
            var dot = host.IndexOf('.');
            return dot > 0 && string.Equals(pattern.Substring(1), host.Substring(dot), StringComparison.OrdinalIgnoreCase);
        }

        private static IEnumerable<KeyValuePair<byte, byte[]>> NamesIn(byte[] der)
        {
            var outer = Elements(der).FirstOrDefault();
            return outer.Key == Sequence ? Elements(outer.Value) : Enumerable.Empty<KeyValuePair<byte, byte[]>>();
        }

        /// <summary>Tags and contents, as far as the bytes make sense.</summary>
        private static IEnumerable<KeyValuePair<byte, byte[]>> Elements(byte[] der)
        {
            var at = 0;
            while (at + 2 <= der.Length)
            {
                var tag = der[at];
                long length = der[at + 1];
                at += 2;
                if (length >= 0x80)
                {
                    var bytes = (int)length & 0x7f;
                    if (bytes == 0 || bytes > 3 || at + bytes > der.Length)
                        yield break;
                    length = 0;
                    while (bytes-- > 0)
                        length = length << 8 | der[at++];
                }
                if (length > der.Length - at)
                    yield break;
                yield return new KeyValuePair<byte, byte[]>(tag, der.Skip(at).Take((int)length).ToArray());
                at += (int)length;
            }
        }
    }
}
