using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Everstore.Client.Wire;

namespace Everstore.Tests.Contract
{
    /// <summary>
    /// A server that knows native requests, lets everybody in, and then is silent about all that is asked: what a sound one
    /// cannot be made to be on cue.
    /// </summary>
    public sealed class SilentServer : IDisposable
    {
        private static readonly byte[] Hello = Files.Bytes("01000000 01000000 00000001 0700000000000000");
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly List<TcpClient> accepted = new List<TcpClient>();
        private readonly List<uint> heard = new List<uint>();

        public SilentServer()
        {
            listener.Start();
            new Thread(Accept) { IsBackground = true }.Start();
        }

        public string Url => $"everstore://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

        /// <summary>How many connections came.</summary>
        public int Connections
        {
            get
            {
                lock (heard)
                    return accepted.Count;
            }
        }

        /// <summary>Waits until so many requests came about which it is silent.</summary>
        public void WaitFor(int requests)
        {
            lock (heard)
            {
                while (heard.Count < requests)
                    Check.True(Monitor.Wait(heard, TimeSpan.FromSeconds(20)), $"{heard.Count} requests came in place of {requests}");
            }
        }

        public void Dispose()
        {
            listener.Stop();
            lock (heard)
                accepted.ForEach(each => each.Close());
        }

        private void Accept()
        {
            try
            {
                while (true)
                {
                    var client = listener.AcceptTcpClient();
                    lock (heard)
                        accepted.Add(client);
                    new Thread(() => Serve(client.GetStream())) { IsBackground = true }.Start();
                }
            }
            catch (Exception error) when (error is SocketException || error is InvalidOperationException)
            {
                // It was stopped.
            }
        }

        private void Serve(Stream stream)
        {
            try
            {
                stream.Write(new byte[] { 0, 1, 1 }, 0, 3);
                for (var header = Read(stream, Layouts.HeaderBytes); ; header = Read(stream, Layouts.HeaderBytes))
                {
                    Read(stream, (int)ByteOrder.Little.UInt32(header, 4));
                    Hear(stream, ByteOrder.Little.UInt32(header, 0), header);
                }
            }
            catch (Exception error) when (error is IOException || error is ObjectDisposedException)
            {
                // The client has left, or this server has.
            }
        }

        private void Hear(Stream stream, uint kind, byte[] header)
        {
            if (kind == Layouts.Native)
            {
                ByteOrder.Little.Write(header, 4, (ulong)Hello.Length, 4);
                stream.Write(header, 0, header.Length);
                stream.Write(Hello, 0, Hello.Length);
            }
            else if (kind != Layouts.Authenticate)
            {
                lock (heard)
                {
                    heard.Add(kind);
                    Monitor.PulseAll(heard);
                }
            }
        }

        private static byte[] Read(Stream stream, int count)
        {
            var data = new byte[count];
            for (var at = 0; at < count;)
            {
                var read = stream.Read(data, at, count - at);
                if (read == 0)
                    throw new EndOfStreamException();
                at += read;
            }
            return data;
        }
    }
}
