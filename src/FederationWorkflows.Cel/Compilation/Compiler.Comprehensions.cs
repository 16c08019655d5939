using FederationWorkflows.Cel.Checking;
using FederationWorkflows.Cel.Functions;
using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Compilation;

internal sealed partial class Compiler
{
    private Evaluator Comprehension(ComprehensionExpr expr)
    {
        var loop = new Loop(
            Compile(expr.Range),
            (LocalSlot)tree.ReferenceOf(expr)!,
            expr.Filter is null ? null : Compile(expr.Filter),
            expr.Body is null ? null : Compile(expr.Body),
            expr.Macro,
            expr.Position);
        return expr.Kind switch
        {
            ComprehensionKind.All => evaluation => loop.Decide(evaluation, deciding: false),
            ComprehensionKind.Exists => evaluation => loop.Decide(evaluation, deciding: true),
            ComprehensionKind.ExistsOne => loop.One,
            ComprehensionKind.Map or ComprehensionKind.Filter => loop.Collect,
            ComprehensionKind.SortBy => loop.Sort,
            ComprehensionKind.GroupBy => loop.Group,
            ComprehensionKind.TransformMap => loop.Transform,
            _ => loop.TransformEntries,
        };
    }

    private sealed class Loop(Evaluator range, LocalSlot slots, Evaluator? filter, Evaluator? body, string macro, int position)
    {
        /// <summary><c>all</c> and <c>exists</c>: like a chain of logical operators, one element that decides absorbs the errors of others.</summary>
        public CelValue Decide(CelEvaluation evaluation, bool deciding)
        {
            if (!TryBegin(evaluation, out var elements, out var problem))
            {
                return problem;
            }

            CelValue? error = null;
            while (Next(evaluation, ref elements))
            {
                var value = filter!(evaluation);
                if (value.Kind != CelKind.Bool)
                {
                    error ??= value.IsError ? value : NotBool();
                }
                else if (value.Bool == deciding)
                {
                    return value;
                }
            }

            return error ?? CelValue.Of(!deciding);
        }

        public CelValue One(CelEvaluation evaluation)
        {
            if (!TryBegin(evaluation, out var elements, out var problem))
            {
                return problem;
            }

            var found = 0;
            while (Next(evaluation, ref elements))
            {
                if (Accepts(evaluation, out problem))
                {
                    found++;
                }
                else if (problem.IsError)
                {
                    return problem;
                }
            }

            return CelValue.Of(found == 1);
        }

        public CelValue Collect(CelEvaluation evaluation)
        {
            if (!TryBegin(evaluation, out var elements, out var problem))
            {
                return problem;
            }

            var items = new List<CelValue>();
            while (Next(evaluation, ref elements))
            {
                if (!Accepts(evaluation, out problem))
                {
                    if (problem.IsError)
                    {
                        return problem;
                    }

                    continue;
                }

                var value = body is null ? evaluation.Locals[slots.First] : body(evaluation);
                if (value.IsError)
                {
                    return value;
                }

                items.Add(value);
            }

            return CelValue.ListOf([.. items]);
        }

        public CelValue Sort(CelEvaluation evaluation) =>
            Keyed(evaluation, out var items, out var keys) is { } problem ? problem : At(ListFunctions.SortBy(evaluation, "sortBy()", items, keys), position);

        public CelValue Group(CelEvaluation evaluation)
        {
            if (Keyed(evaluation, out var items, out var keys) is { } problem)
            {
                return problem;
            }

            var groups = new Dictionary<MapKey, (CelValue Key, List<CelValue> Items)>();
            for (var i = 0; i < items.Count; i++)
            {
                evaluation.ChargeKey(keys[i]);
                if (keys[i].Kind == CelKind.Double || MapKey.Of(keys[i]) is not { } key)
                {
                    return At(CelValue.Error($"unsupported key type: groupBy() groups by text, whole numbers or bools, not by {keys[i].Type}"), position);
                }

                if (!groups.TryGetValue(key, out var group))
                {
                    groups[key] = group = (keys[i], []);
                }

                group.Items.Add(items[i]);
            }

            var result = new EntryMap();
            foreach (var (key, members) in groups.Values)
            {
                result.TryAdd(key, CelValue.ListOf([.. members]));
            }

            return CelValue.Of(result);
        }

        /// <summary>Each element with what the body makes of it; an error when there is one.</summary>
        private CelValue? Keyed(CelEvaluation evaluation, out List<CelValue> items, out List<CelValue> keys)
        {
            (items, keys) = ([], []);
            if (!TryBegin(evaluation, out var elements, out var problem))
            {
                return problem;
            }

            while (Next(evaluation, ref elements))
            {
                var key = body!(evaluation);
                if (key.IsError)
                {
                    return key;
                }

                items.Add(evaluation.Locals[slots.First]);
                keys.Add(key);
            }

            return null;
        }

        public CelValue Transform(CelEvaluation evaluation) => Entries(evaluation, static (Loop loop, CelEvaluation evaluation, in CelValue value, EntryMap result) =>
            result.TryAdd(evaluation.Locals[loop.slotOfKey], value) ? null : CelValue.Error("repeated key: the map has this key already"));

        public CelValue TransformEntries(CelEvaluation evaluation) => Entries(evaluation, static (Loop loop, CelEvaluation evaluation, in CelValue value, EntryMap result) =>
        {
            if (value.Kind != CelKind.Map || Access.MapCount(value) != 1)
            {
                return CelValue.Error("transformMapEntry() makes maps of exactly one entry");
            }

            var entry = new Elements(evaluation, value);
            entry.MoveNext();
            evaluation.ChargeKey(entry.Key);
            return result.TryAdd(entry.Key, entry.Value) ? null : CelValue.Error("repeated key: transformMapEntry() has made an entry with this key already");
        });

        private readonly int slotOfKey = slots.First;

        private delegate CelValue? Addition(Loop loop, CelEvaluation evaluation, in CelValue value, EntryMap result);

        private CelValue Entries(CelEvaluation evaluation, Addition add)
        {
            if (!TryBegin(evaluation, out var elements, out var problem))
            {
                return problem;
            }

            var result = new EntryMap();
            while (Next(evaluation, ref elements))
            {
                if (!Accepts(evaluation, out problem))
                {
                    if (problem.IsError)
                    {
                        return problem;
                    }

                    continue;
                }

                var value = body!(evaluation);
                if (value.IsError)
                {
                    return value;
                }

                if (add(this, evaluation, value, result) is { } failure)
                {
                    return At(failure, position);
                }
            }

            return CelValue.Of(result);
        }

        private bool TryBegin(CelEvaluation evaluation, out Elements elements, out CelValue problem)
        {
            problem = range(evaluation);
            if (problem.Kind is CelKind.List or CelKind.Map)
            {
                elements = new Elements(evaluation, problem);
                return true;
            }

            elements = default;
            problem = problem.IsError ? problem : At(CelValue.Error($"no such overload: {macro}() goes through a list or a map"), position);
            return false;
        }

        private bool Next(CelEvaluation evaluation, ref Elements elements)
        {
            if (!elements.MoveNext())
            {
                return false;
            }

            if (slots.Second >= 0)
            {
                evaluation.Locals[slots.First] = elements.Key;
                evaluation.Locals[slots.Second] = elements.Value;
            }
            else
            {
                evaluation.Locals[slots.First] = elements.IsMap ? elements.Key : elements.Value;
            }

            return true;
        }

        /// <summary>Whether the element passes the condition; when it fails, the problem is an error.</summary>
        private bool Accepts(CelEvaluation evaluation, out CelValue problem)
        {
            problem = CelValue.True;
            if (filter is null)
            {
                return true;
            }

            var value = filter(evaluation);
            problem = value.Kind == CelKind.Bool || value.IsError ? value : NotBool();
            return value.Kind == CelKind.Bool && value.Bool;
        }

        private CelValue NotBool() => At(CelValue.Error($"no such overload: the condition of {macro}() is not a bool"), position);
    }
}
