namespace FederationWorkflows.Cel.Values;

/// <summary>
/// Why an operation failed, as a value: logical operators and the macros built on them may still absorb it
/// (CEL specification: "Logical Operators").
/// </summary>
public sealed class CelFault
{
    internal CelFault(string message, string? detail, bool isMissing = false)
    {
        Message = message;
        Detail = detail;
        IsMissing = isMissing;
    }

    /// <summary>What happened, without any value of the run.</summary>
    public string Message { get; }

    /// <summary>The values it happened to; shown only when nothing confidential was read.</summary>
    internal string? Detail { get; }

    /// <summary>A key or an element is not there, or there is none of the index.</summary>
    internal bool IsMissing { get; }

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
