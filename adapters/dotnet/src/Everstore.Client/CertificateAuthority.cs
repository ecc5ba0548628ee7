using System;
using System.IO;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Everstore.Client
{
    /// <summary>CA certificates of a file, which are trusted in place of the system's.</summary>
    internal sealed class CertificateAuthority
    {
        private const string Begin = "-----BEGIN CERTIFICATE-----";
        private const string End = "-----END CERTIFICATE-----";
        private readonly X509Certificate2Collection trusted;
        private readonly string host;

        private CertificateAuthority(X509Certificate2Collection trusted, string host)
        {
            this.trusted = trusted;
            this.host = host;
        }

        /// <param name="path">A file of PEM.</param>
        /// <param name="host">For which a server's certificate must be.</param>
        /// <exception cref="BadUrlException">The file cannot be used.</exception>
        public static CertificateAuthority FromFile(string path, string host)
        {
            try
            {
                var found = InPem(File.ReadAllText(path, Encoding.ASCII));
                if (found.Count == 0)
                    throw new BadUrlException($"the file of the option ca, {path}, holds no certificate in PEM");
                return new CertificateAuthority(found, host);
            }
            catch (Exception error) when (IsOfTheFile(error))
            {
                throw new BadUrlException($"the file of the option ca, {path}, cannot be used: {error.Message}", error);
            }
        }

        /// <summary>Whether the server's certificate is for its name, and comes from one of these.</summary>
        public bool Check(object sender, X509Certificate certificate, X509Chain chain, SslPolicyErrors errors)
        {
            if (certificate == null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
                return false;
            var shown = new X509Certificate2(certificate);
            if (!CertificateNames.Cover(shown, host))
                return false;
            using (var own = new X509Chain())
            {
                own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                own.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
                own.ChainPolicy.ExtraStore.AddRange(trusted);
                foreach (var element in chain.ChainElements)
                    own.ChainPolicy.ExtraStore.Add(element.Certificate);
                return own.Build(shown) && IsTrusted(own);
            }
        }

        private static X509Certificate2Collection InPem(string text)
        {
            var found = new X509Certificate2Collection();
            for (var start = text.IndexOf(Begin, StringComparison.Ordinal); start >= 0; start = text.IndexOf(Begin, start + 1, StringComparison.Ordinal))
            {
                var end = text.IndexOf(End, start, StringComparison.Ordinal);
                if (end < 0)
                    throw new FormatException("a certificate has no end");
                var body = text.Substring(start + Begin.Length, end - start - Begin.Length);
                found.Add(new X509Certificate2(Convert.FromBase64String(body)));
            }
            return found;
        }

        private static bool IsOfTheFile(Exception error)
        {
            return error is IOException || error is UnauthorizedAccessException || error is FormatException
                || error is CryptographicException || error is ArgumentException || error is NotSupportedException;
        }

        private bool IsTrusted(X509Chain chain)
        {
            var root = chain.ChainElements[chain.ChainElements.Count - 1].Certificate;
            foreach (var each in trusted)
            {
                if (each.Thumbprint == root.Thumbprint)
                    return true;
            }
            return false;
        }
    }
}
