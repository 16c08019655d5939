using System.Net;
using System.Text;
using FederationWorkflows.CloudLab.Aws;
using FederationWorkflows.CloudLab.Clusters;
using FederationWorkflows.CloudLab.Faults;
using FederationWorkflows.CloudLab.Google;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace FederationWorkflows.CloudLab;

/// <summary>
/// A running lab: Google Cloud and AWS on one port of 127.0.0.1, enforcing the same trust rules as the real ones. It keeps nothing for longer than it runs.
/// </summary>
public sealed class CloudLabServer : IAsyncDisposable
{
    // Room for the framing of a streamed upload beside the largest object: chunks of 8 KiB, the smallest S3 takes, have headers of about a hundred bytes.
    private const int BodyAllowance = 2 * 1024 * 1024;
    private const int FramingShare = 64;

    private readonly WebApplication app;
    private readonly AwsLab aws;
    private readonly LabComposition composition;

    private CloudLabServer(WebApplication app, CloudLabOptions options, LabClock clock, EventLog events, LabSinks sinks, LabFaults faults, AwsLab aws, LabComposition composition)
    {
        this.app = app;
        this.aws = aws;
        this.composition = composition;
        World = options.World;
        Clock = clock;
        Events = events;
        Sinks = sinks;
        Faults = faults;
        BaseAddress = new Uri(app.Urls.Single() + "/");
    }

    /// <summary>Where it listens, for example <c>http://127.0.0.1:49152/</c>.</summary>
    public Uri BaseAddress { get; }

    /// <summary>What it started with.</summary>
    public LabWorld World { get; }

    /// <summary>What was asked of it.</summary>
    public EventLog Events { get; }

    /// <summary>The clock of both clouds.</summary>
    public LabClock Clock { get; }

    /// <summary>What was sent to whom stories notify.</summary>
    public LabSinks Sinks { get; }

    /// <summary>What will go wrong.</summary>
    public LabFaults Faults { get; }

    /// <summary>The Google half: credential files of its accounts and people, its tokens and keys.</summary>
    public GoogleLab Google => composition.Services.OfType<GoogleLab>().Single();

    /// <summary>The clusters: their tokens and keys.</summary>
    public ClusterLab Clusters => composition.Services.OfType<ClusterLab>().Single();

    /// <summary>The access keys of the declared users.</summary>
    public IReadOnlyList<LabAccessKey> AccessKeys => aws.Cloud.UserKeys;

    /// <summary>
    /// What points unmodified clients at the lab: AWS's CLI and SDKs (those that read <c>AWS_ENDPOINT_URL</c>), gcloud, Google's libraries for the metadata server.
    /// <c>GOOGLE_APPLICATION_CREDENTIALS</c> names a file, which the caller writes.
    /// </summary>
    public IReadOnlyDictionary<string, string> EnvironmentVariables
    {
        get
        {
            var address = BaseAddress.GetLeftPart(UriPartial.Authority);
            return new Dictionary<string, string>
            {
                ["AWS_ENDPOINT_URL"] = address,
                ["AWS_ENDPOINT_URL_STS"] = address,
                ["AWS_ENDPOINT_URL_S3"] = address,
                ["AWS_ENDPOINT_URL_IAM"] = address,
                ["AWS_REGION"] = "us-east-1",
                ["AWS_DEFAULT_REGION"] = "us-east-1",
                ["AWS_STS_REGIONAL_ENDPOINTS"] = "regional",
                ["GCE_METADATA_HOST"] = BaseAddress.Authority,
                ["CLOUDSDK_AUTH_TOKEN_HOST"] = address + "/google/oauth2/token",
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"] = address + "/google/iamcredentials/",
            };
        }
    }

    /// <summary>Starts a lab.</summary>
    /// <exception cref="WorldFormatException">The world cannot be run.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static Task<CloudLabServer> StartAsync(CloudLabOptions options, CancellationToken cancellationToken) =>
        StartAsync(options, LabComposition.Of, cancellationToken);

    internal static async Task<CloudLabServer> StartAsync(
        CloudLabOptions options, Func<CloudLabOptions, EventLog, LabComposition> compose, CancellationToken cancellationToken)
    {
        var clock = new LabClock(options.TimeProvider);
        options = options with { TimeProvider = clock };
        var events = new EventLog(options.MaximumEvents);
        var faults = new LabFaults();
        var sinks = new LabSinks(clock);
        var composition = compose(options, events);
        var aws = new AwsLab(options, composition.KeySource, events, new AwsFaults(faults, clock));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear(); // The settings of a server in the same folder are not the lab's.
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.AddServerHeader = false;

            // Metadata of objects comes in as UTF-8 and must be able to go out again.
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.UTF8;
            kestrel.Limits.MaxRequestBodySize = options.MaximumObjectSize + (options.MaximumObjectSize / FramingShare) + BodyAllowance;
        });
        builder.Services.AddSingleton<MatcherPolicy, RequestConditionPolicy>();
        var app = builder.Build();
        app.Use((http, next) =>
        {
            // Clients learn from it how far their own clock is off.
            http.Response.Headers.Date = HeaderUtilities.FormatDate(clock.GetUtcNow());
            return next(http);
        });
        app.Use(new GoogleFaults(faults, events, clock).InvokeAsync);
        ILabService[] services = [events, sinks, faults, new ClockEndpoint(clock), .. composition.Services, new LabAdministration(aws, composition.Services.OfType<GoogleLab>().FirstOrDefault(), options.TimeProvider), aws];
        foreach (var service in services)
        {
            service.Map(app);
        }

        app.MapGet("/lab/health", static () => Results.Json(new { Status = "Healthy" }));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            aws.Dispose();
            throw;
        }

        return new CloudLabServer(app, options, clock, events, sinks, faults, aws, composition);
    }

    /// <summary>Stops it. Everything in it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        foreach (var clusters in composition.Services.OfType<ClusterLab>())
        {
            clusters.Close();
        }

        aws.Dispose();
    }
}
