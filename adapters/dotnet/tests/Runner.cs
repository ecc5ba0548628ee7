using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;

namespace Everstore.Tests
{
    /// <summary>A static method that is a test; with cases it is one for each, whose first value is its name.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class TestAttribute : Attribute
    {
        /// <summary>A static property of the class that gives the arguments of each case.</summary>
        public string Cases { get; set; }
    }

    /// <summary>
    /// Runs all tests, or those whose name holds one of the arguments; the last line says how many passed. (The NUnit that can be
    /// had for Mono is of 2015 and brings ten libraries.)
    /// </summary>
    public static class Runner
    {
        private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

        /// <summary>0 when all passed, and there were some.</summary>
        public static int Main(string[] parts)
        {
            var chosen = All().Where(each => parts.Length == 0 || parts.Any(part => each.Key.Contains(part))).ToList();
            var failed = chosen.Count(each => !HasPassed(each.Key, each.Value));
            Contract.Stage.EndAll();
            Console.WriteLine($"{chosen.Count - failed} passed, {failed} failed");
            return failed == 0 && chosen.Count > 0 ? 0 : 1;
        }

        private static IEnumerable<KeyValuePair<string, Func<Task>>> All()
        {
            foreach (var type in typeof(Runner).Assembly.GetTypes().OrderBy(each => each.Name, StringComparer.Ordinal))
            {
                foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public))
                {
                    var test = method.GetCustomAttribute<TestAttribute>();
                    foreach (var arguments in test == null ? new object[0][] : CasesOf(type, test))
                    {
                        var name = $"{type.Name}.{method.Name}" + (arguments.Length == 0 ? "" : $" ({arguments[0]})");
                        var given = arguments.Skip(1).ToArray();
                        yield return new KeyValuePair<string, Func<Task>>(name, () => Called(method, given));
                    }
                }
            }
        }

        private static IEnumerable<object[]> CasesOf(Type type, TestAttribute test)
        {
            if (test.Cases == null)
                return new[] { new object[0] };
            return (IEnumerable<object[]>)type.GetProperty(test.Cases).GetValue(null);
        }

        private static async Task Called(MethodInfo method, object[] arguments)
        {
            var result = method.Invoke(null, arguments);
            if (result is Task task)
                await task.ConfigureAwait(false);
        }

        private static bool HasPassed(string name, Func<Task> test)
        {
            var watch = Stopwatch.StartNew();
            try
            {
                test().GetAwaiter().GetResult();
                if (watch.Elapsed > Slow)
                    Console.WriteLine($"{name}: {watch.Elapsed.TotalSeconds:0.0} s");
                return true;
            }
            catch (Exception error)
            {
                Console.WriteLine($"FAILED {name} after {watch.Elapsed.TotalSeconds:0.0} s\n{(error as TargetInvocationException)?.InnerException ?? error}");
                return false;
            }
        }
    }
}
