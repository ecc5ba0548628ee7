using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Everstore.Tests.Contract;

namespace Everstore.Tests
{
    /// <summary>What the README shows is compiled and run against a real server.</summary>
    public static class ReadmeTests
    {
        private const string Both = "public static class Program { public static void Main() { "
            + "QuickStart.Main().Wait(); Projection.GoOnAsync(0).Wait(); Users.Count().Wait(); } }";

        private const string Printed = "True|UserCreated|UserRenamed|UserRenamed|user.Renamed|3 events up to 173|3|";

        [Test]
        public static void EveryBlockRuns()
        {
            var directory = Path.Combine(Path.GetTempPath(), "everstore-readme-" + Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(directory);
            try
            {
                File.WriteAllText(Path.Combine(directory, "shown.cs"), Shown());
                foreach (var library in Directory.GetFiles(Path.Combine(Files.Adapter, "build"), "*.dll"))
                    File.Copy(library, Path.Combine(directory, Path.GetFileName(library)));
                var references = Directory.GetFiles(directory, "*.dll").Select(each => "-r:" + Path.GetFileName(each));
                Check.Equal("", Run(directory, "mcs", "-langversion:7 -warnaserror -main:Program shown.cs " + string.Join(" ", references)));
                Check.Equal(Printed, Run(directory, "mono", "shown.exe").Replace("\n", "|"));
            }
            finally
            {
                Directory.Delete(directory, true);
            }
        }

        private static string Shown()
        {
            var readme = File.ReadAllText(Path.Combine(Files.Adapter, "README.md"));
            var blocks = Regex.Matches(readme, "```csharp\n(.*?)```", RegexOptions.Singleline).Cast<Match>().Select(each => each.Groups[1].Value);
            // The journal is a fresh one, and so may be named as it is.
            var place = StandingServer.Url.Substring(StandingServer.Url.LastIndexOf(':'));
            return (string.Join("\n", blocks) + Both).Replace("localhost:6929", "localhost" + place);
        }

        private static string Run(string directory, string program, string arguments)
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = directory,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            using (var process = Process.Start(start))
            {
                var output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                Check.True(process.ExitCode == 0, $"{program} {arguments} gave {process.ExitCode}: {output}");
                return output;
            }
        }
    }
}
