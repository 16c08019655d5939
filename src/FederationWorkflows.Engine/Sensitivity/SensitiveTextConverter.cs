using System.ComponentModel;
using System.Globalization;

namespace FederationWorkflows.Engine;

/// <summary>Makes a sensitive text of a plain one, so that options can have sensitive values. There is no way back.</summary>
/// <param name="type">The type that is made; only that of a text can be.</param>
internal sealed class SensitiveTextConverter(Type type) : TypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => type == typeof(Sensitive<string>) && sourceType == typeof(string);

    /// <inheritdoc/>
    public override bool CanConvertTo(ITypeDescriptorContext? context, Type? destinationType) => false;

    /// <inheritdoc/>
    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => Sensitive.Of((string)value);
}
