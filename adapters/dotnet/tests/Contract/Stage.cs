using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Contract
{
    /// <summary>The stage of the contract, as a process: real servers that start, die and lose answers on command.</summary>
    public sealed class Stage
    {
        private static readonly List<Stage> Begun = new List<Stage>();
        private static Stage shared;
        private readonly Process process;

        private Stage()
        {
            process = Files.StartPython(Path.Combine(Files.Contract, "stage.py"));
            Begun.Add(this);
        }

        /// <summary>One for all tests, which each start a server of their own on it.</summary>
        public static Stage Shared => shared ?? (shared = new Stage());

        /// <summary>One beside it.</summary>
        public static Stage Another()
        {
            return new Stage();
        }

        public static void EndAll()
        {
            foreach (var stage in Begun)
                stage.End();
        }

        /// <summary>A new server; what ran before is ended, and its journals are gone.</summary>
        /// <returns>Its port on 127.0.0.1.</returns>
        public int Start(int workers, string protocol = "native", bool cutting = false, bool killing = false)
        {
            return (int)Tell(new { @do = "start", workers, protocol, cutting, killing })["port"];
        }

        public JObject Tell(object command)
        {
            process.StandardInput.WriteLine(JsonConvert.SerializeObject(command, Formatting.None));
            process.StandardInput.Flush();
            var answer = JObject.Parse(process.StandardOutput.ReadLine() ?? throw new CheckFailed("the stage is gone"));
            if (answer["error"] != null)
                throw new CheckFailed($"the stage: {answer["error"]}");
            return answer;
        }

        private void End()
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
