namespace FederationWorkflows.Engine.Execution;

/// <summary>Gives an execution its inputs, then lets the activity begin.</summary>
internal static class InputEvaluation
{
    public static ValueTask EvaluateAndInvokeAsync(ActivityExecutionContext context)
    {
        var node = context.Node;
        if (node.ConstantInputs is { } constants)
        {
            context.Inputs = constants;
            return node.Activity.InvokeAsync(context);
        }

        var values = new object?[node.Inputs.Length];
        for (var slot = 0; slot < values.Length; slot++)
        {
            if (node.Inputs[slot]?.Compiled is { } compiled)
            {
                var pending = compiled.EvaluateAsync(context);
                if (!pending.IsCompletedSuccessfully)
                {
                    return EvaluateRestAndInvokeAsync(context, values, slot, pending);
                }

                values[slot] = Accept(context, slot, pending.Result);
            }
        }

        context.Inputs = values;
        return node.Activity.InvokeAsync(context);
    }

    private static async ValueTask EvaluateRestAndInvokeAsync(ActivityExecutionContext context, object?[] values, int slot, ValueTask<object?> pending)
    {
        var inputs = context.Node.Inputs;
        values[slot] = Accept(context, slot, await pending);
        for (slot++; slot < inputs.Length; slot++)
        {
            if (inputs[slot]?.Compiled is { } compiled)
            {
                values[slot] = Accept(context, slot, await compiled.EvaluateAsync(context));
            }
        }

        context.Inputs = values;
        await context.Node.Activity.InvokeAsync(context);
    }

    /// <summary>A secret goes only where it is expected.</summary>
    private static object? Accept(ActivityExecutionContext context, int slot, object? value) =>
        value is Sensitive && context.Node.Descriptor.Inputs[slot] is { TakesSensitive: false } input
            ? throw new InvalidOperationException($"Input '{input.Name}' was given a secret, but {context.Node.Descriptor.TypeName} would show it to others. Give it a value that is not secret.")
            : value;
}
