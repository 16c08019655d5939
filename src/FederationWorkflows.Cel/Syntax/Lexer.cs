using System.Globalization;
using System.Text;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Syntax;

internal enum TokenKind
{
    End,
    Identifier,
    QuotedIdentifier,
    Literal,
    Symbol,
}

/// <param name="Kind">What it is.</param>
/// <param name="Position">Where it begins.</param>
/// <param name="Text">The name or symbol; empty for literals.</param>
/// <param name="Value">A literal's value.</param>
internal readonly record struct Token(TokenKind Kind, int Position, string Text, CelValue Value = default)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;
}

/// <summary>Cuts an expression into tokens (CEL specification: "Syntax").</summary>
internal sealed class Lexer(string text, int from)
{
    private static readonly string[] Symbols = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}"];

    private int position = from;

    public Token Next()
    {
        SkipSpace();
        if (position >= text.Length)
        {
            return new(TokenKind.End, text.Length, "");
        }

        var start = position;
        var c = text[position];
        if (StringPrefixLength() is { } prefix)
        {
            return String(start, prefix);
        }

        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '_'))
            {
                position++;
            }

            return new(TokenKind.Identifier, start, text[start..position]);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && position + 1 < text.Length && char.IsAsciiDigit(text[position + 1])))
        {
            return Number(start);
        }

        if (c == '`')
        {
            return Quoted(start);
        }

        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(text, position, symbol, 0, symbol.Length) == 0)
            {
                position += symbol.Length;
                return new(TokenKind.Symbol, start, symbol);
            }
        }

        throw Error(start, c switch
        {
            '=' => "'=' has no meaning here; compare with '=='.",
            '&' or '|' => $"'{c}' has no meaning here; the logical operators are '&&' and '||'.",
            _ => $"The character {Describe(start)} has no meaning here.",
        });
    }

    private CelException Error(int at, string message) => new(message, text, at);

    private string Describe(int at) =>
        Rune.TryGetRuneAt(text, at, out var rune) && rune.Value >= 0x20 && !Rune.IsControl(rune) ? $"'{rune}'" : $"U+{(int)text[at]:X4}";

    private void SkipSpace()
    {
        while (position < text.Length)
        {
            if (text[position] is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                position++;
            }
            else if (text[position] == '/' && position + 1 < text.Length && text[position + 1] == '/')
            {
                var end = text.IndexOf('\n', position);
                position = end < 0 ? text.Length : end;
            }
            else
            {
                return;
            }
        }
    }

    private Token Quoted(int start)
    {
        var end = text.IndexOf('`', start + 1);
        var name = end < 0 ? "" : text[(start + 1)..end];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '/' or ' '))
        {
            throw Error(start, "A field name between backticks has letters, digits and '_.-/ ' and ends with a backtick.");
        }

        position = end + 1;
        return new(TokenKind.QuotedIdentifier, start, name);
    }

    private Token Number(int start)
    {
        if (text[position] == '0' && position + 1 < text.Length && text[position + 1] is 'x' or 'X')
        {
            position += 2;
            var digits = TakeWhile(char.IsAsciiHexDigit);
            return Integer(start, digits, NumberStyles.AllowHexSpecifier);
        }

        TakeWhile(char.IsAsciiDigit);
        var isDouble = false;
        if (position + 1 < text.Length && text[position] == '.' && char.IsAsciiDigit(text[position + 1]))
        {
            isDouble = true;
            position++;
            TakeWhile(char.IsAsciiDigit);
        }

        if (position < text.Length && text[position] is 'e' or 'E')
        {
            isDouble = true;
            position++;
            if (position < text.Length && text[position] is '+' or '-')
            {
                position++;
            }

            if (TakeWhile(char.IsAsciiDigit).Length == 0)
            {
                throw Error(start, "The exponent of this number has no digits.");
            }
        }

        return isDouble
            ? EndNumber(new(TokenKind.Literal, start, "", CelValue.Of(double.Parse(text.AsSpan(start, position - start), CultureInfo.InvariantCulture))))
            : Integer(start, text.AsSpan(start, position - start), NumberStyles.None);
    }

    /// <summary>A negative literal is read as one by the parser: only there is -9223372036854775808 known to be in range.</summary>
    private Token Integer(int start, ReadOnlySpan<char> digits, NumberStyles style)
    {
        if (!ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var value))
        {
            throw Error(start, digits.IsEmpty ? "A hexadecimal number needs digits after 0x." : "The number does not fit 64 bits.");
        }

        if (position < text.Length && text[position] is 'u' or 'U')
        {
            position++;
            return EndNumber(new(TokenKind.Literal, start, "", CelValue.Of(value)));
        }

        return EndNumber(value <= long.MaxValue
            ? new(TokenKind.Literal, start, "", CelValue.Of((long)value))
            : value == (ulong)long.MaxValue + 1
                ? new(TokenKind.Literal, start, MinusOnly, CelValue.Of(long.MinValue))
                : throw Error(start, "The number does not fit a signed 64-bit integer; write 'u' behind it for an unsigned one."));
    }

    private Token EndNumber(Token token) =>
        position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '_')
            ? throw Error(position, $"'{text[position]}' cannot follow a number.")
            : token;

    /// <summary>Marks the literal 9223372036854775808, which is valid behind a minus only.</summary>
    internal const string MinusOnly = "minus only";

    private ReadOnlySpan<char> TakeWhile(Func<char, bool> accepts)
    {
        var start = position;
        while (position < text.Length && accepts(text[position]))
        {
            position++;
        }

        return text.AsSpan(start, position - start);
    }

    /// <summary>How many letters r, b in front of a quote begin a string here; null when no string begins.</summary>
    private int? StringPrefixLength()
    {
        for (var length = 0; length <= 2 && position + length < text.Length; length++)
        {
            switch (text[position + length])
            {
                case '"' or '\'':
                    return length == 2 && char.ToLowerInvariant(text[position]) == char.ToLowerInvariant(text[position + 1]) ? null : length;
                case not ('r' or 'R' or 'b' or 'B'):
                    return null;
            }
        }

        return null;
    }

    private Token String(int start, int prefix)
    {
        var letters = text.AsSpan(position, prefix);
        var raw = letters.ContainsAny('r', 'R');
        var bytes = letters.ContainsAny('b', 'B');
        position += prefix;
        var quote = text[position];
        var triple = position + 2 < text.Length && text[position + 1] == quote && text[position + 2] == quote;
        var close = new string(quote, triple ? 3 : 1);
        position += close.Length;

        var content = new LiteralBuilder(bytes);
        while (true)
        {
            if (position >= text.Length || (!triple && text[position] is '\n' or '\r'))
            {
                throw Error(start, triple ? $"This string is not closed with {close}." : $"This string is not closed with {close} on its line.");
            }

            if (string.CompareOrdinal(text, position, close, 0, close.Length) == 0)
            {
                position += close.Length;
                return new(TokenKind.Literal, start, "", content.Build());
            }

            if (text[position] == '\\' && !raw)
            {
                Escape(content, bytes);
            }
            else if (text[position] == '\r' && position + 1 < text.Length && text[position + 1] == '\n')
            {
                position++;
            }
            else
            {
                content.Append(text[position++]);
            }
        }
    }

    private void Escape(LiteralBuilder content, bool bytes)
    {
        var start = position;
        var c = position + 1 < text.Length ? text[position + 1] : '\0';
        position += 2;
        switch (c)
        {
            case 'a': content.Append('\a'); return;
            case 'b': content.Append('\b'); return;
            case 'f': content.Append('\f'); return;
            case 'n': content.Append('\n'); return;
            case 'r': content.Append('\r'); return;
            case 't': content.Append('\t'); return;
            case 'v': content.Append('\v'); return;
            case '\\' or '\'' or '"' or '`' or '?': content.Append(c); return;
            case 'x' or 'X': Code(2, 16, 0xFF); return;
            case 'u' when !bytes: Code(4, 16, 0x10FFFF); return;
            case 'U' when !bytes: Code(8, 16, 0x10FFFF); return;
            case >= '0' and <= '3':
                position--;
                Code(3, 8, 0xFF);
                return;
            default:
                throw Error(start, $"'\\{c}' is no escape sequence; write '\\\\' for a backslash, or r\"...\" for text without escapes.");
        }

        void Code(int length, int radix, int limit)
        {
            var value = 0L;
            for (var i = 0; i < length; i++, position++)
            {
                var digit = position < text.Length && char.IsAsciiHexDigit(text[position]) ? Convert.ToInt32(text[position].ToString(), 16) : radix;
                if (digit >= radix)
                {
                    throw Error(start, $"This escape sequence needs {length} {(radix == 8 ? "octal" : "hexadecimal")} digits.");
                }

                value = (value * radix) + digit;
            }

            if (value > limit || value is >= 0xD800 and <= 0xDFFF)
            {
                throw Error(start, "This escape sequence is no Unicode code point.");
            }

            content.AppendCode((int)value);
        }
    }

    private sealed class LiteralBuilder(bool isBytes)
    {
        private readonly StringBuilder pending = new();
        private readonly List<byte> bytes = [];

        public void Append(char c) => pending.Append(c);

        /// <summary>A code point of a string, a byte of bytes.</summary>
        public void AppendCode(int code)
        {
            if (isBytes)
            {
                Flush();
                bytes.Add((byte)code);
            }
            else
            {
                pending.Append(new Rune(code).ToString());
            }
        }

        public CelValue Build()
        {
            if (!isBytes)
            {
                return CelValue.Of(pending.ToString());
            }

            Flush();
            return CelValue.Of(bytes.ToArray());
        }

        private void Flush()
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(pending.ToString()));
            pending.Clear();
        }
    }
}
