using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary>What will go wrong with the next calls, in the order it was told: <c>/lab/faults</c>. Safe for use by several threads.</summary>
public sealed class LabFaults : ILabService
{
    private const int MaximumFaults = 100;

    private readonly Lock gate = new();
    private readonly List<LabFault> faults = [];

    internal LabFaults()
    {
    }

    /// <summary>Those still to come; the count of each says for how many calls.</summary>
    public IReadOnlyList<LabFault> Pending
    {
        get
        {
            lock (gate)
            {
                return [.. faults];
            }
        }
    }

    /// <summary>Adds one.</summary>
    /// <exception cref="ArgumentException">It makes no sense; the exception says why.</exception>
    public void Add(LabFault fault)
    {
        if (fault.Problem() is { } problem)
        {
            throw new ArgumentException(problem);
        }

        lock (gate)
        {
            if (faults.Count == MaximumFaults)
            {
                throw new ArgumentException($"{MaximumFaults} faults are pending; no more are kept.");
            }

            faults.Add(fault);
        }
    }

    /// <summary>Forgets all that are still to come.</summary>
    public void Clear()
    {
        lock (gate)
        {
            faults.Clear();
        }
    }

    internal LabFault? Take(string service, string? action)
    {
        lock (gate)
        {
            var index = faults.FindIndex(fault => (fault.Service ?? service) == service && (fault.Action is null || fault.Action == action));
            if (index < 0)
            {
                return null;
            }

            var fault = faults[index];
            if (fault.Count == 1)
            {
                faults.RemoveAt(index);
            }
            else
            {
                faults[index] = fault with { Count = fault.Count - 1 };
            }

            return fault;
        }
    }

    void ILabService.Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/lab/faults", () => LabJson.Write(Pending));
        routes.MapPost("/lab/faults", (HttpContext http) => LabJson.ReadAsync<LabFault>(http, fault =>
        {
            Add(fault);
            return LabJson.Write(fault, StatusCodes.Status201Created);
        }));
        routes.MapDelete("/lab/faults", () =>
        {
            Clear();
            return Results.NoContent();
        });
    }
}
