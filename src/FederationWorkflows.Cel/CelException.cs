namespace FederationWorkflows.Cel;

/// <summary>An expression that is wrong, or that failed on the values it was given. Nothing else is thrown by this library for any input.</summary>
public sealed class CelException : Exception
{
    /// <summary>An error without a place.</summary>
    public CelException(string message)
        : base(message)
    {
    }

    internal CelException(string message, string source, int position)
        : base(message)
    {
        (Line, Column, Excerpt) = SourceText.Locate(source, position);
    }

    /// <summary>Line in the expression's text, from 1; 0 when the error has no place.</summary>
    public int Line { get; }

    /// <summary>Column in that line, from 1, in Unicode code points; 0 when the error has no place.</summary>
    public int Column { get; }

    /// <summary>The line and, below it, a caret at the column; empty when the error has no place.</summary>
    public string Excerpt { get; } = "";

    /// <summary>The message, the place and the excerpt.</summary>
    public string Explain() => Line == 0 ? Message : $"{Message}\n  at line {Line}, column {Column}\n{Excerpt}";
}
