namespace FederationWorkflows.Cel.RegularExpressions;

internal enum Re2Operation
{
    /// <summary>Takes one code point of a set.</summary>
    Take,

    /// <summary>Goes on at two places, the first preferred.</summary>
    Fork,

    /// <summary>Goes on elsewhere.</summary>
    Jump,

    /// <summary>Notes the place in a slot.</summary>
    Save,

    /// <summary>Goes on if the place is as asked for.</summary>
    Assert,

    /// <summary>Ends the match.</summary>
    Accept,
}

/// <summary>One step of a program; <paramref name="Target"/> and <paramref name="Second"/> are places in it, a slot or a <see cref="Re2Place"/>.</summary>
internal readonly record struct Re2Instruction(Re2Operation Operation, int Target = 0, int Second = 0, CodePointSet? CodePoints = null);

/// <summary>Writes a parsed expression as a program for <see cref="Re2Machine"/>, counted repetitions written out.</summary>
internal sealed class Re2Program
{
    private readonly List<Re2Instruction> instructions = [];

    private Re2Program()
    {
    }

    public static Re2Instruction[] Of(Re2Node node)
    {
        var program = new Re2Program();
        program.Write(new Re2Group(0, node));
        program.instructions.Add(new Re2Instruction(Re2Operation.Accept));
        return [.. program.instructions];
    }

    private void Write(Re2Node node)
    {
        switch (node)
        {
            case Re2Set set:
                instructions.Add(new Re2Instruction(Re2Operation.Take, CodePoints: set.CodePoints));
                break;
            case Re2Assertion assertion:
                instructions.Add(new Re2Instruction(Re2Operation.Assert, (int)assertion.Place));
                break;
            case Re2Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    Write(part);
                }

                break;
            case Re2Alternation alternation:
                WriteBranches(alternation.Branches);
                break;
            case Re2Group group:
                instructions.Add(new Re2Instruction(Re2Operation.Save, 2 * group.Number));
                Write(group.Body);
                instructions.Add(new Re2Instruction(Re2Operation.Save, (2 * group.Number) + 1));
                break;
            case Re2Repetition repetition:
                WriteRepetition(repetition);
                break;
            default:
                throw new InvalidOperationException($"No program for {node.GetType().Name}.");
        }
    }

    private void WriteBranches(IReadOnlyList<Re2Node> branches)
    {
        var ends = new List<int>();
        foreach (var branch in branches.SkipLast(1))
        {
            var fork = Reserve();
            Write(branch);
            ends.Add(Reserve());
            instructions[fork] = new Re2Instruction(Re2Operation.Fork, fork + 1, instructions.Count);
        }

        Write(branches[^1]);
        foreach (var end in ends)
        {
            instructions[end] = new Re2Instruction(Re2Operation.Jump, instructions.Count);
        }
    }

    private void WriteRepetition(Re2Repetition repetition)
    {
        for (var i = 1; i < repetition.Minimum; i++)
        {
            Write(repetition.Body);
        }

        if (repetition.Maximum is not { } maximum)
        {
            // x* is (x+)?: written as a plain loop it would go on after a body that took nothing, where RE2 and Perl leave.
            var skip = repetition.Minimum == 0 ? Reserve() : -1;
            var start = instructions.Count;
            Write(repetition.Body);
            AddFork(start, instructions.Count + 1, repetition.Greedy);
            Close(skip, repetition.Greedy);
            return;
        }

        if (repetition.Minimum > 0)
        {
            Write(repetition.Body);
        }

        var skips = new List<int>();
        for (var i = repetition.Minimum; i < maximum; i++)
        {
            skips.Add(Reserve());
            Write(repetition.Body);
        }

        skips.ForEach(skip => Close(skip, repetition.Greedy));
    }

    private int Reserve()
    {
        instructions.Add(default);
        return instructions.Count - 1;
    }

    private void Close(int skip, bool greedy)
    {
        if (skip >= 0)
        {
            instructions[skip] = Fork(skip + 1, instructions.Count, greedy);
        }
    }

    private void AddFork(int again, int onward, bool greedy) => instructions.Add(Fork(again, onward, greedy));

    private static Re2Instruction Fork(int body, int onward, bool greedy) =>
        greedy ? new Re2Instruction(Re2Operation.Fork, body, onward) : new Re2Instruction(Re2Operation.Fork, onward, body);
}
