using System;
using System.IO;
using System.Net;
using System.Net.Sockets;

namespace Everstore.Client
{
    /// <summary>Sockets to a server, connected within a time, and encrypted where that is wanted.</summary>
    internal static class Dialling
    {
        /// <summary>Blocks the calling thread, which no thread pool has to help.</summary>
        /// <exception cref="ConnectionLostException">Nobody answers there, or not who should.</exception>
        /// <exception cref="RequestTimeoutException">Not in time.</exception>
        /// <exception cref="BadUrlException">The file of CA certificates cannot be used.</exception>
        public static Stream Dial(EverstoreOptions options, out Socket socket)
        {
            var until = Clock.Now + options.TimeoutSeconds;
            socket = Connected(options, until);
            try
            {
                socket.NoDelay = true;
                // A server that takes nothing for so long is gone; reading has no such bound, since there may be nothing to say.
                socket.SendTimeout = Milliseconds(options.TimeoutSeconds);
                var stream = new NetworkStream(socket, true);
                return options.UseTls ? Tls.Encrypted(stream, socket, options, Milliseconds(until - Clock.Now)) : stream;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        private static Socket Connected(EverstoreOptions options, double until)
        {
            SocketException failure = null;
            foreach (var address in Addresses(options))
            {
                try
                {
                    var found = Connected(new IPEndPoint(address, options.Port), until - Clock.Now);
                    if (found == null)
                        throw new RequestTimeoutException($"no connection to {options} within {options.TimeoutText}");
                    return found;
                }
                catch (SocketException error)
                {
                    failure = error;
                }
            }
            throw new ConnectionLostException($"cannot connect to {options}: {failure?.Message ?? "the name has no address"}", failure);
        }

        private static IPAddress[] Addresses(EverstoreOptions options)
        {
            try
            {
                return Dns.GetHostAddresses(options.Host);
            }
            catch (Exception error) when (error is SocketException || error is ArgumentException)
            {
                throw new ConnectionLostException($"cannot connect to {options}: {error.Message}", error);
            }
        }

        /// <summary>Null when it took too long.</summary>
        private static Socket Connected(IPEndPoint place, double seconds)
        {
            var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            try
            {
                if (IsConnected(socket, place, seconds))
                {
                    socket.Blocking = true;
                    return socket;
                }
                socket.Dispose();
                return null;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        private static bool IsConnected(Socket socket, IPEndPoint place, double seconds)
        {
            try
            {
                socket.Connect(place);
            }
            catch (SocketException error)
                when (error.SocketErrorCode == SocketError.WouldBlock || error.SocketErrorCode == SocketError.InProgress)
            {
                // It goes on by itself.
            }
            // What can be polled for in microseconds is bounded; a longer patience than half an hour is none that is used.
            if (!socket.Poll((int)Math.Min(Math.Max(seconds, 0) * 1e6, int.MaxValue), SelectMode.SelectWrite))
                return false;
            var code = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error);
            if (code != 0)
                throw new SocketException(code);
            return true;
        }

        private static int Milliseconds(double seconds)
        {
            return (int)Math.Min(Math.Max(seconds * 1000, 1), int.MaxValue);
        }
    }
}
