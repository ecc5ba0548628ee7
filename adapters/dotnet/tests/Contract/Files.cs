using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Contract
{
    /// <summary>The contract's files, and the Python that runs its stage; <c>EVERSTORE_REPOSITORY</c> is set by the script <c>test</c>.</summary>
    public static class Files
    {
        public static readonly string Repository = Environment.GetEnvironmentVariable("EVERSTORE_REPOSITORY");

        public static string Contract => Path.Combine(Repository, "adapters", "contract");

        public static string Adapter => Path.Combine(Repository, "adapters", "dotnet");

        public static string Python =>
            Environment.GetEnvironmentVariable("EVERSTORE_PYTHON") ?? Path.Combine(Repository, ".venv", "bin", "python");

        public static JObject Json(params string[] path)
        {
            var text = File.ReadAllText(Path.Combine(new[] { Contract }.Concat(path).ToArray()));
            using (var reader = new JsonTextReader(new StringReader(text)) { DateParseHandling = DateParseHandling.None })
                return JObject.Load(reader);
        }

        /// <summary>A script that is told what to do on its standard input, and answers on its output.</summary>
        public static Process StartPython(string script)
        {
            var process = Process.Start(new ProcessStartInfo(Python, script)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            });
            // What servers log is of no interest here, but somebody must read it.
            process.ErrorDataReceived += (sender, line) => { };
            process.BeginErrorReadLine();
            return process;
        }

        public static IEnumerable<JObject> Vectors(string kind)
        {
            return new[] { "version1.json", "native.json" }.SelectMany(file => Json(file)[kind]).Cast<JObject>();
        }

        public static byte[] Bytes(JToken frame)
        {
            var digits = ((string)frame).Replace(" ", "");
            return Enumerable.Range(0, digits.Length / 2).Select(i => Convert.ToByte(digits.Substring(2 * i, 2), 16)).ToArray();
        }
    }
}
