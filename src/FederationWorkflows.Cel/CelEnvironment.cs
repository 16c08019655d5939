using System.Collections.Concurrent;
using System.Text;
using FederationWorkflows.Cel.Checking;
using FederationWorkflows.Cel.Functions;
using FederationWorkflows.Cel.Syntax;

namespace FederationWorkflows.Cel;

/// <summary>
/// What expressions may name and call, and what they may cost. It has all standard functions and the extensions strings, math, lists, sets,
/// encoders, bindings, two-variable comprehensions, regex, network and optionals. Immutable, and safe on any thread.
/// </summary>
public sealed class CelEnvironment
{
    private static readonly FunctionTable StandardFunctions = new(StandardLibrary.All);

    /// <summary>Expressions are written by people: more of them than this come from a loop, not from a story.</summary>
    private const int MaxPrograms = 256;

    private readonly CelOptions options;
    private readonly NameResolution names;
    private readonly ConcurrentDictionary<string, CelProgram> programs = new(StringComparer.Ordinal);

    /// <summary>Declares names and functions beside the standard ones.</summary>
    /// <param name="names">The variables; null for none.</param>
    /// <param name="functions">Functions beside the standard ones; null for none.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    public CelEnvironment(ICelNames? names = null, CelLibrary? functions = null, CelOptions? options = null)
    {
        this.options = options ?? new CelOptions();
        this.names = new NameResolution(names ?? new NoNames(), functions?.Table ?? StandardFunctions, this.options.Container);
    }

    /// <summary>Compiles an expression; the same text again gives the same program, as long as it is kept.</summary>
    /// <exception cref="CelException">The expression is wrong: what, where, and how to mend it.</exception>
    public CelProgram Compile(string text)
    {
        if (programs.TryGetValue(text, out var known))
        {
            return known;
        }

        var program = Compile(text, strict: true, macros: true);
        if (programs.Count >= MaxPrograms)
        {
            programs.Clear();
        }

        return programs.GetOrAdd(text, program);
    }

    /// <summary>Compiles a text with expressions in it: <c>Hello ${user.name}</c>; <c>$${</c> stands for <c>${</c>. Places in errors count in the whole text.</summary>
    /// <exception cref="CelException">An expression is wrong: what, where, and how to mend it.</exception>
    public CelTemplate CompileTemplate(string text)
    {
        Parser.CheckText(text, options);
        var parts = new List<CelTemplatePart>();
        var literal = new StringBuilder();
        var position = 0;
        while (text.IndexOf("${", position, StringComparison.Ordinal) is var begin && begin >= 0)
        {
            if (begin > position && text[begin - 1] == '$')
            {
                literal.Append(text, position, begin - position).Append('{');
                position = begin + 2;
                continue;
            }

            literal.Append(text, position, begin - position);
            if (literal.Length > 0)
            {
                parts.Add(new CelTemplatePart(literal.ToString(), null));
                literal.Clear();
            }

            var tree = Parser.ParseEmbedded(text, begin + 2, options, out position);
            parts.Add(new CelTemplatePart("", new CelProgram(Checker.Check(tree, names), options)));
        }

        literal.Append(text, position, text.Length - position);
        if (literal.Length > 0)
        {
            parts.Add(new CelTemplatePart(literal.ToString(), null));
        }

        return new CelTemplate(parts);
    }

    /// <param name="text">The expression.</param>
    /// <param name="strict">What is known to be wrong is an error now, not only when it runs.</param>
    /// <param name="macros">Macros are expanded.</param>
    internal CelProgram Compile(string text, bool strict, bool macros) =>
        new(Checker.Check(Parser.Parse(text, options, macros), names, strict), options);

    private sealed class NoNames : ICelNames
    {
        public IEnumerable<string> Roots => [];

        public CelVariable? Find(ReadOnlySpan<string> path) => null;
    }
}
