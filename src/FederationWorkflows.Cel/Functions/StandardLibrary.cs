namespace FederationWorkflows.Cel.Functions;

/// <summary>All functions of the language: the standard ones and the extensions.</summary>
internal static class StandardLibrary
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        .. Conversions.All,
        .. StringFunctions.All,
        .. TextFormat.All,
        .. TimeFunctions.All,
        .. OptionalFunctions.All,
        .. MathFunctions.All,
        .. ListFunctions.All,
        .. SetFunctions.All,
        .. EncoderFunctions.All,
        .. RegexFunctions.All,
        .. NetworkFunctions.All,
        .. ExtractFunction.All,
    ];
}
