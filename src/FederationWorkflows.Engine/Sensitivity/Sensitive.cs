using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Engine;

/// <summary>
/// A value that must not be seen: a token, a key, a credential. It renders as <see cref="Mask"/> in text, logs, debuggers and JSON.
/// Its content is reached only by asking for it by name, with <see cref="Sensitive{T}.Reveal"/>.
/// </summary>
public abstract class Sensitive
{
    /// <summary>What stands in every rendering in place of the value.</summary>
    public const string Mask = "***";

    private protected Sensitive()
    {
    }

    /// <summary>The type of the value inside.</summary>
    public abstract Type ContentType { get; }

    /// <summary>The value in clear, untyped. For the engine's conversions and for the state's protector.</summary>
    internal abstract object? RevealObject();

    /// <summary>Marks <paramref name="value"/> as sensitive.</summary>
    public static Sensitive<T> Of<T>(T value) => new(value);

    /// <summary>Always <see cref="Mask"/>.</summary>
    public sealed override string ToString() => Mask;
}

/// <inheritdoc cref="Sensitive"/>
/// <typeparam name="T">The type of the value inside.</typeparam>
[DebuggerDisplay(Mask)]
[JsonConverter(typeof(MaskingJsonConverterFactory))]
[TypeConverter(typeof(SensitiveTextConverter))]
public sealed class Sensitive<T>(T value) : Sensitive
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly T value = value;

    /// <inheritdoc/>
    public override Type ContentType => typeof(T);

    /// <summary>The value in clear. Call it where the value is used, and hand the result to nothing that keeps it.</summary>
    public T Reveal() => value;

    internal override object? RevealObject() => value;
}
