namespace Everstore.Client
{
    /// <summary>Every limit and default of the client, each with its reason.</summary>
    internal static class Limits
    {
        public const int Port = 6929;
        public const string User = "admin";
        public const string Password = "passwd";

        // What the adapters published so far open. More bring nothing: requests are pipelined on each.
        public const int Connections = 6;

        // Longer than a server needs to replace a worker or to wait for a busy disk, shorter than a person's patience.
        public const double TimeoutSeconds = 30;

        // What a socket's timeouts can say, in milliseconds.
        public const double TimeoutSecondsMax = int.MaxValue / 1000;

        // The field for it in the protocol has no more room.
        public const int CredentialBytesMax = 32;

        public const int NameBytesMin = 2;
        public const int NameBytesMax = 1024;
        public const int ComponentBytesMax = 200;

        // A server sends parts of 64 KiB; a larger size is rubbish, and to wait for its bytes would be to wait for ever.
        public const int ReplyBytesMax = 16 * 1024 * 1024;

        // What one array of bytes can hold: the rest of 2 GiB is for the framework.
        public const int ReadBytesMax = 0x7FFFFFC7;

        // Of a journal that is read page by page. A million events of 192 MiB are read as fast in pages of 256 KiB, 1 MiB and
        // 4 MiB; the program then needs 70, 75 and 116 MiB (and 1,300 for all at once).
        public const long PageBytes = 1024 * 1024;

        // A part of a long read, and the frame around it, in one system call.
        public const int ReceiveBytes = 128 * 1024;

        // Operations of one client that are under way at once, and the bytes of their events; whoever comes later waits
        // for room. Enough to keep every worker's batches full, and few enough to stay in the caches.
        public const int OperationsInFlight = 1024;
        public const long BytesInFlight = 8 * 1024 * 1024;

        // Appends that leave in one request, and their bytes: few enough that one answer and one batch hold them.
        public const int AppendsMax = 256;
        public const int AppendsBytesMax = 256 * 1024;

        // Requests of appends to one worker that are on their way at once on a connection, before what comes waits for company.
        public const int AppendsUnderWay = 1;

        // Requests for a worker's journals before a lane is opened there: what asks now and then needs none.
        public const int LaneRequestsMin = 16;

        // Pauses before another lane is tried, when one was refused or lost: the first, and the longest.
        public const double LanePauseSeconds = 0.1;
        public const double LanePauseSecondsMax = 30;

        // Appends behind the oldest one of unknown outcome, of one sender. A server remembers 4,096 and then takes no more.
        public const int OpenAppendsMax = 2048;

        // In which an append may be sent again; each time it waits no longer than that. A server knows it for two minutes.
        public const double ResendSeconds = 55;

        // Between two looks of a connection for answers that are late, as a part of the timeout and at most: by so much
        // they may be noticed too late.
        public const double LateLookPart = 0.125;
        public const double LateLookSecondsMax = 1;

        // What one page of a listing asks for; the server stops at 64 KiB anyway.
        public const int ListNames = 4096;

        // Pauses between tries to reach a server, and of a transaction that met a conflict: the first, and the longest.
        public const double ReconnectPauseSeconds = 0.02;
        public const double ReconnectPauseSecondsMax = 1;
        public const double ConflictPauseSeconds = 0.001;
        public const double ConflictPauseSecondsMax = 0.25;
        public const int ConflictAttempts = 10;

        // For how long what only asks is asked again while workers and connections die, by when the last try begins.
        public const double AskSeconds = 2;

        // A thread that reads, writes and takes answers in needs no more, and a client may have a dozen of them.
        public const int ThreadStackBytes = 256 * 1024;
    }
}
