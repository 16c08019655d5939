using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Compilation;

internal sealed partial class Compiler
{
    private Evaluator Unary(UnaryExpr unary)
    {
        var (operand, position) = (Compile(unary.Operand), unary.Position);
        if (unary.Operator == UnaryOperator.Negate)
        {
            return evaluation => operand(evaluation) is var value && value.IsError ? value : At(Arithmetic.Negate(value), position);
        }

        return evaluation => operand(evaluation) switch
        {
            { Kind: CelKind.Bool } value => CelValue.Of(!value.Bool),
            { IsError: true } value => value,
            _ => At(CelValue.NoOverload("!"), position),
        };
    }

    private Evaluator Binary(BinaryExpr binary)
    {
        var (op, position) = (binary.Operator, binary.Position);
        Operation operation = op switch
        {
            BinaryOperator.Equal => static (evaluation, in a, in b) => CelValue.Of(Equality.Equal(evaluation, a, b)),
            BinaryOperator.NotEqual => static (evaluation, in a, in b) => CelValue.Of(!Equality.Equal(evaluation, a, b)),
            BinaryOperator.Less => static (evaluation, in a, in b) => Order(evaluation, a, b, "<", static sign => sign < 0),
            BinaryOperator.LessOrEqual => static (evaluation, in a, in b) => Order(evaluation, a, b, "<=", static sign => sign <= 0),
            BinaryOperator.Greater => static (evaluation, in a, in b) => Order(evaluation, a, b, ">", static sign => sign > 0),
            BinaryOperator.GreaterOrEqual => static (evaluation, in a, in b) => Order(evaluation, a, b, ">=", static sign => sign >= 0),
            BinaryOperator.In => Access.In,
            _ => (evaluation, in a, in b) => Arithmetic.Calculate(evaluation, op, a, b),
        };
        return binary.Right is LiteralExpr literal
            ? OperateWith(literal.Value, Compile(binary.Left), position, operation)
            : Operate(Compile(binary.Left), Compile(binary.Right), position, operation);
    }

    private delegate CelValue Operation(CelEvaluation evaluation, in CelValue a, in CelValue b);

    /// <summary>Most comparisons are with a constant, which needs no call.</summary>
    private static Evaluator OperateWith(CelValue constant, Evaluator left, int position, Operation operation) => evaluation =>
    {
        var a = left(evaluation);
        if (a.IsError)
        {
            return a;
        }

        evaluation.Charge(1);
        return At(operation(evaluation, a, constant), position);
    };

    private static Evaluator Operate(Evaluator left, Evaluator right, int position, Operation operation) => evaluation =>
    {
        var a = left(evaluation);
        if (a.IsError)
        {
            return a;
        }

        var b = right(evaluation);
        if (b.IsError)
        {
            return b;
        }

        evaluation.Charge(1);
        return At(operation(evaluation, a, b), position);
    };

    private static CelValue Order(CelEvaluation evaluation, in CelValue a, in CelValue b, string symbol, Func<int, bool> holds) =>
        Ordering.TryCompare(evaluation, a, b, out var sign) ? CelValue.Of(sign is { } known && holds(known)) : CelValue.NoOverload(symbol);

    /// <summary>One operand that decides is enough, wherever it stands: errors beside it are absorbed.</summary>
    private Evaluator Logical(LogicalExpr logical)
    {
        var operands = logical.Operands.Select(Compile).ToArray();
        var (deciding, position, symbol) = (!logical.IsAnd, logical.Position, logical.IsAnd ? "&&" : "||");
        return evaluation =>
        {
            CelValue? error = null;
            foreach (var operand in operands)
            {
                var value = operand(evaluation);
                if (value.Kind == CelKind.Bool)
                {
                    if (value.Bool == deciding)
                    {
                        return value;
                    }
                }
                else
                {
                    error ??= value.IsError ? value : At(CelValue.NoOverload(symbol), position);
                }
            }

            return error ?? CelValue.Of(!deciding);
        };
    }

    private Evaluator Conditional(ConditionalExpr conditional)
    {
        var (condition, then, otherwise, position) = (Compile(conditional.Condition), Compile(conditional.Then), Compile(conditional.Otherwise), conditional.Position);
        return evaluation => condition(evaluation) switch
        {
            { Kind: CelKind.Bool } value => value.Bool ? then(evaluation) : otherwise(evaluation),
            { IsError: true } value => value,
            _ => Error(position, "no such overload: the condition before '?' is not a bool"),
        };
    }
}
