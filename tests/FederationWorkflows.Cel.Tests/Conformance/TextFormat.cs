using System.Globalization;
using System.Text;

namespace FederationWorkflows.Cel.Tests.Conformance;

/// <summary>A field's value in protobuf's text format.</summary>
internal abstract record TextNode;

/// <summary>A quoted string, or several beside each other: what it holds are bytes.</summary>
internal sealed record TextString(byte[] Bytes) : TextNode
{
    public string Text => Encoding.UTF8.GetString(Bytes);
}

/// <summary>A number or a name.</summary>
internal sealed record TextAtom(string Text) : TextNode;

internal sealed record TextMessage(IReadOnlyList<(string Name, TextNode Value)> Fields) : TextNode
{
    public IEnumerable<TextNode> All(string name) => Fields.Where(field => field.Name == name).Select(field => field.Value);

    public TextNode? Find(string name) => All(name).LastOrDefault();

    public TextMessage? Message(string name) => (TextMessage?)Find(name);

    public IEnumerable<TextMessage> Messages(string name) => All(name).Cast<TextMessage>();

    public string Text(string name) => (Find(name) as TextString)?.Text ?? "";

    public bool Flag(string name) => Find(name) is TextAtom { Text: "true" or "True" or "t" or "1" };
}

/// <summary>Reads protobuf's text format (Protocol Buffers documentation, "Text Format Language Specification") into a tree, without a schema.</summary>
internal sealed class TextFormat(string text)
{
    private int at;

    public static TextMessage Parse(string text)
    {
        var reader = new TextFormat(text);
        var message = reader.Fields('\0');
        return message;
    }

    private FormatException Error(string message) => new($"{message} in line {text.AsSpan(0, Math.Min(at, text.Length)).Count('\n') + 1}");

    private char Peek()
    {
        while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] == '#'))
        {
            if (text[at] == '#')
            {
                var end = text.IndexOf('\n', at);
                at = end < 0 ? text.Length : end;
            }
            else
            {
                at++;
            }
        }

        return at < text.Length ? text[at] : '\0';
    }

    private bool Accept(char symbol)
    {
        if (Peek() != symbol)
        {
            return false;
        }

        at++;
        return true;
    }

    private TextMessage Fields(char close)
    {
        var fields = new List<(string, TextNode)>();
        while (Peek() != close)
        {
            var name = Name();
            var colon = Accept(':');
            if (Peek() == '[')
            {
                at++;
                while (!Accept(']'))
                {
                    fields.Add((name, Value()));
                    Accept(',');
                }
            }
            else
            {
                fields.Add((name, colon || Peek() is '{' or '<' ? Value() : throw Error($"'{name}' has no value")));
            }

            _ = Accept(',') || Accept(';');
        }

        at++;
        return new TextMessage(fields);
    }

    private string Name()
    {
        if (!Accept('['))
        {
            return Word();
        }

        var end = text.IndexOf(']', at);
        var name = end < 0 ? throw Error("an extension's name has no end") : text[at..end].Trim();
        at = end + 1;
        return name;
    }

    private TextNode Value()
    {
        switch (Peek())
        {
            case '{':
                at++;
                return Fields('}');
            case '<':
                at++;
                return Fields('>');
            case '"' or '\'':
                var bytes = new List<byte>();
                while (Peek() is '"' or '\'')
                {
                    Quoted(bytes);
                }

                return new TextString([.. bytes]);
            case '-':
                at++;
                Peek();
                return new TextAtom("-" + Word());
            default:
                return new TextAtom(Word());
        }
    }

    private string Word()
    {
        Peek();
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '.' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E')))
        {
            at++;
        }

        return at > start ? text[start..at] : throw Error("a name or number is missing");
    }

    private void Quoted(List<byte> bytes)
    {
        var quote = text[at++];
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\n')
            {
                throw Error("a string does not end on its line");
            }

            if (text[at] == '\\')
            {
                at++;
                Escape(bytes);
            }
            else
            {
                Rune.TryGetRuneAt(text, at, out var rune);
                bytes.AddRange(Encoding.UTF8.GetBytes(rune.ToString()));
                at += rune.Utf16SequenceLength;
            }
        }

        at++;
    }

    private void Escape(List<byte> bytes)
    {
        var c = text[at++];
        switch (c)
        {
            case >= '0' and <= '7':
                at--;
                bytes.Add(Convert.ToByte(Digits(3, "01234567"), 8));
                break;
            case 'x' or 'X':
                bytes.Add(Convert.ToByte(Digits(2, "0123456789abcdefABCDEF"), 16));
                break;
            case 'u' or 'U':
                var codePoint = int.Parse(text.AsSpan(at, c == 'u' ? 4 : 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                at += c == 'u' ? 4 : 8;
                bytes.AddRange(Encoding.UTF8.GetBytes(new Rune(codePoint).ToString()));
                break;
            default:
                var plain = "abfnrtv?\\'\"".IndexOf(c, StringComparison.Ordinal);
                bytes.Add(plain >= 0 ? (byte)"\a\b\f\n\r\t\v?\\'\""[plain] : throw Error($"\\{c} is no escape"));
                break;
        }
    }

    private string Digits(int most, string allowed)
    {
        var start = at;
        while (at < text.Length && at < start + most && allowed.Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }

        return text[start..at];
    }
}
