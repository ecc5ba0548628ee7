using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Everstore.Tests")]
