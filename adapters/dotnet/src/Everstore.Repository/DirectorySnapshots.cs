using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace Everstore.Repository
{
    /// <summary>
    /// Snapshots in files, one for each journal, replaced atomically; several processes may share the directory. One that is
    /// torn, of another version or of another journal is not used.
    /// </summary>
    /// <remarks>
    /// A file is four lines – the digest of all that follows it, the version, the size, the journal – and then the state as
    /// bytes.
    /// </remarks>
    public sealed class DirectorySnapshots<TState> : ISnapshots<TState>
    {
        private const int HeadLines = 4;
        private readonly string directory;
        private readonly Func<TState, byte[]> dump;
        private readonly Func<byte[], TState> load;
        private readonly string version;

        /// <summary>Snapshots in a directory, which is made when it is missing.</summary>
        /// <param name="directory">Nothing else should be in it.</param>
        /// <param name="dump">From a state to bytes.</param>
        /// <param name="load">From these bytes to a state.</param>
        /// <param name="version">Of the fold and of the state: change it whenever one of them changes. On one line.</param>
        public DirectorySnapshots(string directory, Func<TState, byte[]> dump, Func<byte[], TState> load, string version = "1")
        {
            if (version == null || version.Contains("\n"))
                throw new ArgumentException("a version stands on one line", nameof(version));
            this.directory = directory ?? throw new ArgumentNullException(nameof(directory));
            this.dump = dump ?? throw new ArgumentNullException(nameof(dump));
            this.load = load ?? throw new ArgumentNullException(nameof(load));
            this.version = version;
            Directory.CreateDirectory(directory);
        }

        /// <inheritdoc />
        public Snapshot<TState> Load(string journal)
        {
            byte[] file;
            try
            {
                file = File.ReadAllBytes(PathOf(journal));
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                return null;
            }
            var head = HeadOf(file);
            long size;
            if (head == null || !long.TryParse(head[2], NumberStyles.None, CultureInfo.InvariantCulture, out size))
                return null;
            var body = file.Skip(head.Sum(each => Encoding.UTF8.GetByteCount(each) + 1)).ToArray();
            if (!file.SequenceEqual(FileOf(journal, size, body)))
                return null;
            return new Snapshot<TState>(load(body), size);
        }

        /// <inheritdoc />
        public void Save(string journal, Snapshot<TState> snapshot)
        {
            var path = PathOf(journal);
            var temporary = Path.Combine(directory, Guid.NewGuid().ToString("N") + ".new");
            try
            {
                using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
                {
                    var bytes = FileOf(journal, snapshot.Size, dump(snapshot.State));
                    file.Write(bytes, 0, bytes.Length);
                }
                Replace(path, temporary);
            }
            finally
            {
                File.Delete(temporary);
            }
        }

        /// <summary>Another process may have made the file since it was looked for.</summary>
        private static void Replace(string path, string temporary)
        {
            try
            {
                File.Replace(temporary, path, null);
            }
            catch (FileNotFoundException)
            {
                try
                {
                    File.Move(temporary, path);
                }
                catch (IOException) when (File.Exists(path))
                {
                    File.Replace(temporary, path, null);
                }
            }
        }

        private static string[] HeadOf(byte[] file)
        {
            var end = -1;
            for (var line = 0; line < HeadLines; line++)
            {
                end = Array.IndexOf(file, (byte)'\n', end + 1);
                if (end < 0)
                    return null;
            }
            return Encoding.UTF8.GetString(file, 0, end).Split('\n');
        }

        private byte[] FileOf(string journal, long size, byte[] body)
        {
            var head = $"{version}\n{size.ToString(CultureInfo.InvariantCulture)}\n{journal}\n";
            var rest = Encoding.UTF8.GetBytes(head).Concat(body).ToArray();
            return Encoding.UTF8.GetBytes(Digest(rest) + "\n").Concat(rest).ToArray();
        }

        /// <summary>A journal's name may be longer than a file's, so its digest stands for it.</summary>
        private string PathOf(string journal)
        {
            return Path.Combine(directory, Digest(Encoding.UTF8.GetBytes(journal)) + ".snapshot");
        }

        private static string Digest(byte[] data)
        {
            using (var sha = SHA256.Create())
                return string.Concat(sha.ComputeHash(data).Select(each => each.ToString("x2", CultureInfo.InvariantCulture)));
        }
    }
}
