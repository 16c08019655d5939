using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>
/// Chooses the SQLite library, once per process: the system's own, which its distribution keeps up to date, or else the bundled one.
/// </summary>
internal static class SqliteLibrary
{
    /// <summary>RETURNING, which the statements here use, came with 3.35.</summary>
    private const int MinVersion = 3_035_000;

    private static readonly string[] SystemNames =
        OperatingSystem.IsMacOS() ? ["/usr/lib/libsqlite3.dylib"] : OperatingSystem.IsWindows() ? [] : ["libsqlite3.so.0"];

    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>Loads the library if it is not loaded yet.</summary>
    /// <returns>Which it is, for people.</returns>
    public static string Use() => Loaded.Value;

    private static string Load()
    {
        var assembly = typeof(SQLite3Provider_e_sqlite3).Assembly;
        var system = FindSystem(assembly);
        NativeLibrary.SetDllImportResolver(assembly, (name, importing, path) => name == "e_sqlite3" ? system : 0);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return $"SQLite {raw.sqlite3_libversion().utf8_to_string()} ({(system == 0 ? "bundled" : "system")})";
    }

    private static nint FindSystem(Assembly assembly)
    {
        foreach (var name in SystemNames)
        {
            if (NativeLibrary.TryLoad(name, assembly, null, out var library))
            {
                if (NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var version) && Marshal.GetDelegateForFunctionPointer<VersionNumber>(version)() >= MinVersion)
                {
                    return library;
                }

                NativeLibrary.Free(library);
            }
        }

        return 0;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();
}
