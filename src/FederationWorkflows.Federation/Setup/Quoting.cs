using System.Text;

namespace FederationWorkflows.Federation.Setup;

/// <summary>Writes values into scripts and Terraform so that nothing in them is read as more than a value.</summary>
internal static class Quoting
{
    /// <summary>A word of a POSIX shell (IEEE 1003.1, Shell Command Language 2.2.2): nothing is special between single quotes.</summary>
    public static string Shell(string value) => $"'{Plain(value).Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>A string of Terraform (Terraform language, "Strings and Templates").</summary>
    public static string Hcl(string value)
    {
        var text = new StringBuilder("\"");
        for (var i = 0; i < value.Length; i++)
        {
            var character = value[i];
            text.Append(character switch
            {
                '"' => "\\\"",
                '\\' => @"\\",
                '$' or '%' when i + 1 < value.Length && value[i + 1] == '{' => $"{character}{character}",
                _ when char.IsControl(character) => throw new ArgumentException("A value has a control character.", nameof(value)),
                _ => character.ToString(),
            });
        }

        return text.Append('"').ToString();
    }

    // No value that was checked has one; a line break would end a comment or an argument.
    private static string Plain(string value) =>
        value.Any(char.IsControl) ? throw new ArgumentException("A value has a control character.", nameof(value)) : value;
}
