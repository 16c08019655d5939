namespace FederationWorkflows.Cel.Values;

/// <summary>
/// Why an operation failed, as a value: logical operators and the macros built on them may still absorb it
/// (CEL specification: "Logical Operators").
/// </summary>
public sealed class CelFault
{
    internal CelFault(string message, string? detail)
    {
        Message = message;
        Detail = detail;
    }

    /// <summary>What happened, without any value of the run.</summary>
    public string Message { get; }

    /// <summary>The values it happened to; shown only when nothing confidential was read.</summary>
    internal string? Detail { get; }

    /// <summary>Where in the text, from 0; -1 until the expression that failed says.</summary>
    internal int Position { get; private set; } = -1;

    internal void At(int position)
    {
        if (Position < 0)
        {
            Position = position;
        }
    }
}
