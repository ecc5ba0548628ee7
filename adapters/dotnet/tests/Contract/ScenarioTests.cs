using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

namespace Everstore.Tests.Contract
{
    /// <summary>Every scenario of the contract, for each protocol that it names, with one worker and with five.</summary>
    public static class ScenarioTests
    {
        public static IEnumerable<object[]> Cases =>
            from path in Directory.GetFiles(Path.Combine(Files.Contract, "scenarios"), "*.json").OrderBy(each => each)
            let scenario = Files.Json("scenarios", Path.GetFileName(path))
            from protocol in scenario["protocols"]?.Select(each => (string)each) ?? new[] { "native" }
            from workers in new[] { 1, 5 }
            select new object[] { $"{Path.GetFileNameWithoutExtension(path)}, {protocol}, {workers}", scenario, protocol, workers };

        [Test(Cases = nameof(Cases))]
        public static async Task Plays(JObject scenario, string protocol, int workers)
        {
            var port = Stage.Shared.Start(workers, protocol, (bool?)scenario["cutting"] ?? false, (bool?)scenario["killing"] ?? false);
            using (var played = new Scenario(scenario, port))
                await played.PlayAsync();
        }

        [Test]
        public static void ThereAreScenarios()
        {
            Check.True(Cases.Count() > 60, "scenarios are missing");
        }
    }
}
