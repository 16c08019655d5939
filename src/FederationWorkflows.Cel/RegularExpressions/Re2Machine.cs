using System.Text;

namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>
/// Finds the leftmost match that Perl would find, with its groups, by following all ways through the program at once (Pike's machine; Russ Cox,
/// "Regular Expression Matching: the Virtual Machine Approach"): the work for a character is bounded by the size of the program.
/// </summary>
internal sealed class Re2Machine(Re2Syntax syntax)
{
    private readonly Re2Instruction[] program = Re2Program.Of(syntax.Root);
    private readonly int slots = 2 * (syntax.GroupCount + 1);

    /// <summary>What searches of one text need; searches of the same text one after another share it.</summary>
    public Run Begin(string text) => new(program, text, slots);

    public static Re2Match? Find(Run run, int start)
    {
        var text = run.Text;
        run.Current.Clear();
        int[]? found = null;
        var at = start;
        while (true)
        {
            if (found is null)
            {
                run.Start(at);
            }

            if (run.Current.Count == 0)
            {
                // Threads end, and none is started, only after a match.
                break;
            }

            var width = 0;
            var codePoint = -1;
            if (at < text.Length)
            {
                // Half a surrogate pair is in no set, so nothing takes it.
                width = Rune.TryGetRuneAt(text, at, out var rune) ? rune.Utf16SequenceLength : 1;
                codePoint = width == 1 ? text[at] : rune.Value;
            }

            found = run.Step(codePoint, at + width) ?? found;
            if (width == 0)
            {
                break;
            }

            at += width;
        }

        return found is null ? null : new Re2Match(text, found, at - found[1]);
    }

    /// <summary>The threads at one place of the text, the preferred first, at most one for each instruction.</summary>
    internal sealed class Threads(int size, int slots)
    {
        private readonly int[] places = new int[size];
        private readonly int[] order = new int[size];
        private readonly int[] saved = new int[size * slots];

        public int Count { get; private set; }

        public int this[int index] => places[index];

        public Span<int> Saved(int index) => saved.AsSpan(index * slots, slots);

        public bool TryAdd(int place)
        {
            var known = order[place];
            if (known < Count && places[known] == place)
            {
                return false;
            }

            order[place] = Count;
            places[Count++] = place;
            return true;
        }

        public void Clear() => Count = 0;
    }

    internal sealed class Run(Re2Instruction[] program, string text, int slots)
    {
        // A place to go on at, or a slot (as its complement) to put an earlier value back into.
        private readonly Stack<(int Place, int Value)> pending = new();
        private readonly int[] working = new int[slots];
        private Threads next = new(program.Length, slots);

        public string Text => text;

        public Threads Current { get; private set; } = new(program.Length, slots);

        /// <summary>Begins a thread at the start of the program, behind all that are under way.</summary>
        public void Start(int at)
        {
            working.AsSpan().Fill(-1);
            Follow(Current, 0, at);
        }

        /// <summary>Lets all threads take a code point (-1 at the end of the text).</summary>
        /// <returns>The slots of a thread that is at its end, or null; the threads it was preferred to are dropped.</returns>
        public int[]? Step(int codePoint, int after)
        {
            int[]? found = null;
            for (var i = 0; i < Current.Count && found is null; i++)
            {
                var instruction = program[Current[i]];
                if (instruction.Operation == Re2Operation.Accept)
                {
                    found = Current.Saved(i).ToArray();
                }
                else if (instruction.Operation == Re2Operation.Take && codePoint >= 0 && instruction.CodePoints!.Contains(codePoint))
                {
                    Current.Saved(i).CopyTo(working);
                    Follow(next, Current[i] + 1, after);
                }
            }

            (Current, next) = (next, Current);
            next.Clear();
            return found;
        }

        /// <summary>Adds the instruction and all that can be reached from it without taking text, in the order of preference.</summary>
        private void Follow(Threads threads, int start, int at)
        {
            pending.Push((start, 0));
            while (pending.TryPop(out var step))
            {
                if (step.Place < 0)
                {
                    working[~step.Place] = step.Value;
                    continue;
                }

                if (!threads.TryAdd(step.Place))
                {
                    continue;
                }

                var instruction = program[step.Place];
                switch (instruction.Operation)
                {
                    case Re2Operation.Jump:
                        pending.Push((instruction.Target, 0));
                        break;
                    case Re2Operation.Fork:
                        pending.Push((instruction.Second, 0));
                        pending.Push((instruction.Target, 0));
                        break;
                    case Re2Operation.Save:
                        pending.Push((~instruction.Target, working[instruction.Target]));
                        working[instruction.Target] = at;
                        pending.Push((step.Place + 1, 0));
                        break;
                    case Re2Operation.Assert when IsAt((Re2Place)instruction.Target, at):
                        pending.Push((step.Place + 1, 0));
                        break;
                    case Re2Operation.Take or Re2Operation.Accept:
                        working.CopyTo(threads.Saved(threads.Count - 1));
                        break;
                }
            }
        }

        private bool IsAt(Re2Place place, int at) => place switch
        {
            Re2Place.TextStart => at == 0,
            Re2Place.TextEnd => at == text.Length,
            Re2Place.LineStart => at == 0 || text[at - 1] == '\n',
            Re2Place.LineEnd => at == text.Length || text[at] == '\n',
            Re2Place.WordBoundary => IsWord(at - 1) != IsWord(at),
            _ => IsWord(at - 1) == IsWord(at),
        };

        private bool IsWord(int index) => index >= 0 && index < text.Length && (char.IsAsciiLetterOrDigit(text[index]) || text[index] == '_');
    }
}
