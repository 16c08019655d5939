using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary><c>/lab/clock</c>: how wrong the clouds' clock goes.</summary>
internal sealed class ClockEndpoint(LabClock clock) : ILabService
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/lab/clock", () => LabJson.Write(Setting()));
        routes.MapPut("/lab/clock", (HttpContext http) => LabJson.ReadAsync<ClockSetting>(http, setting =>
        {
            clock.Skew = TimeSpan.FromSeconds(setting.SkewSeconds);
            return LabJson.Write(Setting());
        }));
    }

    private ClockSetting Setting() => new() { SkewSeconds = (long)clock.Skew.TotalSeconds, Now = clock.GetUtcNow() };

    private sealed record ClockSetting
    {
        public required long SkewSeconds { get; init; }

        public DateTimeOffset? Now { get; init; }
    }
}
