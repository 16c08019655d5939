namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>RE2's rule that nested counted repetitions multiply to at most 1000.</summary>
internal static class Re2Limits
{
    public static void CheckRepetitions(Re2Node node)
    {
        if (Product(node) > Re2Pattern.MaximumRepetition)
        {
            throw new Re2PatternException($"nested repetitions multiply to more than {Re2Pattern.MaximumRepetition}, RE2's limit", 0);
        }
    }

    private static long Product(Re2Node node) => node switch
    {
        Re2Repetition repetition => Math.Max(1, repetition.Maximum ?? repetition.Minimum) * Product(repetition.Body),
        Re2Group group => Product(group.Body),
        Re2Sequence { Parts.Count: > 0 } sequence => sequence.Parts.Max(Product),
        Re2Alternation alternation => alternation.Branches.Max(Product),
        _ => 1,
    };
}
