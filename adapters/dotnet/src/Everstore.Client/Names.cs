using System;
using System.Text;

namespace Everstore.Client
{
    /// <summary>What may be a journal's name, and what an event's type: the server's rules, checked before anything is sent.</summary>
    internal static class Names
    {
        /// <summary>The type that the commit which creates a journal declares besides its own.</summary>
        public const string NewJournal = "ES_NewJournal";

        private const string ServerFolder = ".everstore";

        /// <summary>The name as it crosses the wire.</summary>
        /// <exception cref="InvalidJournalNameException">With the rule that it breaks.</exception>
        public static byte[] JournalBytes(string name)
        {
            if (name == null)
                throw new ArgumentNullException(nameof(name));
            var data = Bytes(name);
            var flaw = data == null ? "it has no UTF-8 form" : FlawOfWhole(name, data.Length) ?? FlawOfComponents(name);
            if (flaw != null)
                throw new InvalidJournalNameException($"\"{name}\" is no journal name: {flaw}");
            return data;
        }

        /// <summary>The start of names as it crosses the wire; anything that is UTF-8 and not over-long, since it opens no file.</summary>
        public static byte[] PrefixBytes(string prefix)
        {
            if (prefix == null)
                throw new ArgumentNullException(nameof(prefix));
            var data = Bytes(prefix);
            if (data == null || data.Length > Limits.NameBytesMax)
                throw new InvalidJournalNameException($"\"{prefix}\" is no prefix of journal names: it has no UTF-8 form, or is too long");
            return data;
        }

        /// <summary>The type itself, once it is known to fit on a journal's line and into a commit's list of types.</summary>
        /// <exception cref="NotAcceptableException">It is empty, or holds a space, a comma or a control character.</exception>
        public static string EventType(string type)
        {
            if (string.IsNullOrEmpty(type))
                throw new NotAcceptableException("an event's type is empty");
            for (var i = 0; i < type.Length; i++)
            {
                var each = type[i];
                if (each <= ' ' || each == ',' || (each >= 0x7f && (char.IsControl(each) || IsLone(type, i))))
                    throw new NotAcceptableException(
                        $"the event type \"{type}\" holds a space, a comma or a control character, or has no UTF-8 form");
            }
            return type;
        }

        private static byte[] Bytes(string text)
        {
            try
            {
                return Utf8.Strict.GetBytes(text);
            }
            catch (EncoderFallbackException)
            {
                return null;
            }
        }

        private static bool IsLone(string text, int at)
        {
            if (char.IsHighSurrogate(text[at]))
                return at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1]);
            return char.IsLowSurrogate(text[at]) && (at == 0 || !char.IsHighSurrogate(text[at - 1]));
        }

        private static string FlawOfWhole(string name, int bytes)
        {
            if (bytes < Limits.NameBytesMin || bytes > Limits.NameBytesMax)
                return $"it has {bytes} bytes, allowed are {Limits.NameBytesMin} to {Limits.NameBytesMax}";
            if (name[0] != '/')
                return "it does not start with /";
            if (name[name.Length - 1] == '/')
                return "it ends in /";
            var before = '\0';
            foreach (var each in name)
            {
                if (each == before && (each == '.' || each == '/'))
                    return "it holds .. or //";
                if (char.IsControl(each))
                    return "it holds a control character";
                before = each;
            }
            return null;
        }

        private static string FlawOfComponents(string name)
        {
            var start = 1;
            while (start <= name.Length)
            {
                var end = name.IndexOf('/', start);
                var isLast = end < 0;
                var flaw = FlawOfComponent(name, start, isLast ? name.Length : end, isLast);
                if (flaw != null)
                    return flaw;
                if (isLast)
                    return null;
                start = end + 1;
            }
            return null;
        }

        private static string FlawOfComponent(string name, int start, int end, bool isLast)
        {
            var length = end - start;
            if (length == 1 && name[start] == '.')
                return "a component is .";
            if (start == 1 && length == ServerFolder.Length && string.CompareOrdinal(name, 1, ServerFolder, 0, length) == 0)
                return $"{ServerFolder} is the server's own folder";
            // A character takes three bytes at most.
            if (length * 3 > Limits.ComponentBytesMax && Utf8.Strict.GetByteCount(name.Substring(start, length)) > Limits.ComponentBytesMax)
                return $"a component is over {Limits.ComponentBytesMax} bytes";
            if (!isLast && length >= 4 && string.CompareOrdinal(name, end - 4, ".log", 0, 4) == 0)
                return "a component before the last ends in .log";
            return null;
        }
    }
}
