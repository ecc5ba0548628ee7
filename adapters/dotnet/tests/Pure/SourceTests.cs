using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Everstore.Client;
using Everstore.Tests.Contract;

namespace Everstore.Tests.Pure
{
    /// <summary>What holds for all sources of the libraries.</summary>
    public static class SourceTests
    {
        private static IEnumerable<string> Sources => Directory.GetFiles(Path.Combine(Files.Adapter, "src"), "*.cs", SearchOption.AllDirectories);

        /// <summary>A statement may go on over lines; it ends with a semicolon, or where a block begins.</summary>
        [Test]
        public static void EveryAwaitGoesOnAnywhere()
        {
            var awaits = 0;
            foreach (var path in Sources)
            {
                foreach (Match each in Regex.Matches(File.ReadAllText(path), @"\bawait\s.*?(;|\)\s*\{|\)\n\s+return)", RegexOptions.Singleline))
                {
                    awaits++;
                    Check.True(each.Value.Contains("ConfigureAwait(false)"), $"{path}: {each.Value}");
                }
            }
            Check.True(awaits > 50, $"only {awaits} were found");
        }

        [Test]
        public static void TheClientDependsOnTheFrameworkOnly()
        {
            var references = typeof(EverstoreClient).Assembly.GetReferencedAssemblies().Select(each => each.Name);
            Check.Equal(new[] { "System", "System.Core", "mscorlib" }, references.OrderBy(each => each, StringComparer.Ordinal));
        }

        [Test]
        public static void EveryExceptionIsInTheReadme()
        {
            var readme = File.ReadAllText(Path.Combine(Files.Adapter, "README.md"));
            foreach (var type in typeof(EverstoreException).Assembly.GetExportedTypes())
                Check.True(Regex.IsMatch(readme, $@"\b{type.Name.Split('`')[0]}\b"), $"{type.Name} is not in the README");
        }
    }
}
