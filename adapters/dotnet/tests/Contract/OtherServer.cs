using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace Everstore.Tests.Contract
{
    /// <summary>Something that listens, says one thing, and is no Everstore server.</summary>
    public sealed class OtherServer : IDisposable
    {
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly List<Socket> accepted = new List<Socket>();

        public OtherServer(string says)
        {
            listener.Start();
            new Thread(() => Accept(Encoding.ASCII.GetBytes(says))) { IsBackground = true }.Start();
        }

        public string Url => $"everstore://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

        public void Dispose()
        {
            listener.Stop();
            lock (accepted)
                accepted.ForEach(each => each.Dispose());
        }

        private void Accept(byte[] says)
        {
            try
            {
                while (true)
                {
                    var socket = listener.AcceptSocket();
                    lock (accepted)
                        accepted.Add(socket);
                    socket.Send(says);
                }
            }
            catch (Exception error) when (error is SocketException || error is InvalidOperationException)
            {
                // It was stopped.
            }
        }
    }
}
