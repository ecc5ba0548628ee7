using System;
using System.Collections;
using System.Linq;
using System.Threading.Tasks;

namespace Everstore.Tests
{
    /// <summary>What did not come as it must.</summary>
    public sealed class CheckFailed : Exception
    {
        public CheckFailed(string message) : base(message)
        {
        }
    }

    /// <summary>What tests claim.</summary>
    public static class Check
    {
        public static void True(bool claim, string what)
        {
            if (!claim)
                throw new CheckFailed(what);
        }

        /// <summary>Lists are equal when their members are.</summary>
        public static void Equal(object expected, object found)
        {
            if (!AreEqual(expected, found))
                throw new CheckFailed($"expected {Said(expected)}\n   found {Said(found)}");
        }

        public static T Throws<T>(Action act) where T : Exception
        {
            try
            {
                act();
            }
            catch (T error)
            {
                return error;
            }
            throw new CheckFailed($"nothing was thrown in place of {typeof(T).Name}");
        }

        public static async Task<T> ThrowsAsync<T>(Func<Task> act) where T : Exception
        {
            try
            {
                await act().ConfigureAwait(false);
            }
            catch (T error)
            {
                return error;
            }
            throw new CheckFailed($"nothing was thrown in place of {typeof(T).Name}");
        }

        private static bool AreEqual(object expected, object found)
        {
            if (expected is string || found is string || !(expected is IEnumerable first) || !(found is IEnumerable second))
                return Equals(expected, found);
            var left = first.Cast<object>().ToList();
            var right = second.Cast<object>().ToList();
            return left.Count == right.Count && left.Zip(right, AreEqual).All(each => each);
        }

        private static string Said(object value)
        {
            if (value == null)
                return "null";
            var text = value is string || !(value is IEnumerable many)
                ? value.ToString()
                : "[" + string.Join(", ", many.Cast<object>().Select(Said)) + "]";
            return text.Length > 2000 ? text.Substring(0, 2000) + "..." : text;
        }
    }
}
