using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Everstore.Client
{
    /// <summary>
    /// Where the server is, and how to talk to it. A URL says the same:
    /// <c>everstore://user:password@host:port?timeout=30&amp;connections=6</c>, or <c>everstores://</c> for TLS.
    /// </summary>
    public sealed class EverstoreOptions
    {
        private const string Scheme = "everstore";
        private const string TlsScheme = "everstores";
        private static readonly Regex PortOfNothing = new Regex("^[a-z]+://[^/?#]*:0*([/?#]|$)");

        /// <summary>A name or an IP address.</summary>
        public string Host { get; set; } = "localhost";

        /// <summary>From 1 to 65535.</summary>
        public int Port { get; set; } = Limits.Port;

        /// <summary>At most 32 bytes of UTF-8.</summary>
        public string User { get; set; } = Limits.User;

        /// <summary>At most 32 bytes of UTF-8.</summary>
        public string Password { get; set; } = Limits.Password;

        /// <summary>How long no part of an answer may come; also how long a server that is away is waited for. 30 seconds.</summary>
        public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(Limits.TimeoutSeconds);

        /// <summary>How many connections to open at most, besides lanes. 6.</summary>
        public int Connections { get; set; } = Limits.Connections;

        /// <summary>
        /// Whether to encrypt. The certificate is always verified, and that it is for <see cref="Host"/>.
        /// </summary>
        public bool UseTls { get; set; }

        /// <summary>A PEM file of the CA certificates to trust in place of the system's; with TLS only.</summary>
        public string CaFile { get; set; }

        /// <summary>
        /// Whether to open a further connection to each of the server's workers that is often asked, over which requests go
        /// without a detour. Encrypted connections and users of limited rights have none.
        /// </summary>
        public bool Lanes { get; set; } = true;

        /// <summary>Makes events of objects, and objects of events; without one, only <see cref="Event"/> can be appended.</summary>
        public IEventSerializer Serializer { get; set; }

        internal double TimeoutSeconds => Timeout.TotalSeconds;

        internal string TimeoutText => TimeoutSeconds.ToString("g", CultureInfo.InvariantCulture) + " s";

        /// <summary>Reads a URL.</summary>
        /// <exception cref="BadUrlException">With the part that is wrong.</exception>
        public static EverstoreOptions Parse(string url)
        {
            Uri parts;
            if (!Uri.TryCreate(url, UriKind.Absolute, out parts))
                throw new BadUrlException($"\"{WithoutPassword(url)}\" is no URL");
            if (parts.Scheme != Scheme && parts.Scheme != TlsScheme)
                throw new BadUrlException($"the URL's scheme is {parts.Scheme}, expected everstore:// or everstores://");
            if (parts.AbsolutePath.Trim('/') != "" || parts.Fragment != "")
                throw new BadUrlException("the URL's path must be empty");
            var options = new EverstoreOptions { UseTls = parts.Scheme == TlsScheme };
            if (parts.Host != "")
                options.Host = parts.DnsSafeHost;
            // Frameworks differ in what they make of such a port, and some would take it for none.
            if (PortOfNothing.IsMatch(url))
                throw new BadUrlException("the URL's port is not a number from 1 to 65535");
            if (parts.Port != -1)
                options.Port = parts.Port;
            options.ReadCredentials(parts.UserInfo);
            foreach (var option in Split(parts.Query.TrimStart('?')))
                options.Set(option.Key, option.Value);
            options.Check();
            return options;
        }

        /// <summary>The place without the password, fit for messages.</summary>
        public override string ToString()
        {
            var host = Host.Contains(":") ? $"[{Host}]" : Host;
            return $"{(UseTls ? TlsScheme : Scheme)}://{User}@{host}:{Port}";
        }

        internal EverstoreOptions Copy()
        {
            return (EverstoreOptions)MemberwiseClone();
        }

        internal void Check()
        {
            if (string.IsNullOrEmpty(Host))
                throw new BadUrlException("the host is empty");
            if (Port < 1 || Port > 65535)
                throw new BadUrlException($"the port is {Port}, expected 1 to 65535");
            CheckCredential("user", User);
            CheckCredential("password", Password);
            if (!(TimeoutSeconds > 0) || TimeoutSeconds > Limits.TimeoutSecondsMax)
                throw new BadUrlException($"the timeout is {TimeoutSeconds} s, expected more than 0, at most {Limits.TimeoutSecondsMax}");
            if (Connections < 1)
                throw new BadUrlException($"the number of connections is {Connections}, expected 1 or more");
            // Who names a CA means to be safe: without TLS that would be an illusion, and so would an empty name.
            if (CaFile != null && (CaFile == "" || !UseTls))
                throw new BadUrlException("the option ca names a file, and goes with everstores:// only");
        }

        private static void CheckCredential(string what, string value)
        {
            if (value == null || Utf8.Strict.GetByteCount(value) > Limits.CredentialBytesMax)
                throw new BadUrlException($"the {what} is missing, or over {Limits.CredentialBytesMax} bytes");
        }

        private static string WithoutPassword(string url)
        {
            var at = url == null ? -1 : url.LastIndexOf('@');
            return at < 0 ? url : "..." + url.Substring(at);
        }

        private static IEnumerable<KeyValuePair<string, string>> Split(string query)
        {
            foreach (var option in query.Split(new[] { '&' }, StringSplitOptions.RemoveEmptyEntries))
            {
                var parts = option.Split(new[] { '=' }, 2);
                var value = parts.Length == 2 ? Uri.UnescapeDataString(parts[1].Replace('+', ' ')) : "";
                yield return new KeyValuePair<string, string>(parts[0], value);
            }
        }

        /// <summary>Both default to the server's own defaults, but only together: a URL that names a user names its password too.</summary>
        private void ReadCredentials(string info)
        {
            if (info == "")
                return;
            var parts = info.Split(new[] { ':' }, 2);
            User = Uri.UnescapeDataString(parts[0]);
            Password = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "";
        }

        private void Set(string name, string value)
        {
            if (name == "timeout")
                Timeout = Seconds(value);
            else if (name == "connections")
                Connections = (int)Number(name, value, NumberStyles.Integer, int.MaxValue);
            else if (name == "ca")
                CaFile = value;
            else
                throw new BadUrlException($"the URL's option \"{name}\" is not known; there are timeout, connections and ca");
        }

        private static TimeSpan Seconds(string value)
        {
            return TimeSpan.FromSeconds(Number("timeout", value, NumberStyles.Float, Limits.TimeoutSecondsMax));
        }

        private static double Number(string name, string value, NumberStyles style, double most)
        {
            double number;
            if (!double.TryParse(value, style, CultureInfo.InvariantCulture, out number) || !(number > 0 && number <= most))
                throw new BadUrlException($"the option {name} is \"{value}\", expected a number above 0, at most {most}");
            return number;
        }
    }
}
