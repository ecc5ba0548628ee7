using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Everstore.Client
{
    /// <summary>TLS to a server: 1.2 or later; its certificate and its name are always verified.</summary>
    internal static class Tls
    {
        /// <summary>The encrypted stream over a connected one, of which it takes care.</summary>
        public static Stream Encrypted(Stream plain, Socket socket, EverstoreOptions options, int milliseconds)
        {
            RemoteCertificateValidationCallback check = null;
            if (options.CaFile != null)
                check = CertificateAuthority.FromFile(options.CaFile, options.Host).Check;
            var stream = new SslStream(plain, false, check);
            try
            {
                socket.ReceiveTimeout = milliseconds;
                stream.AuthenticateAsClient(options.Host, null, SslProtocols.Tls12, true);
                socket.ReceiveTimeout = 0;
                return stream;
            }
            catch (Exception error)
            {
                // Frameworks throw whatever their TLS throws; all of it means that nobody is to be trusted there.
                stream.Dispose();
                throw new ConnectionLostException($"no encrypted connection to {options}: {error.Message}", error);
            }
        }
    }
}
