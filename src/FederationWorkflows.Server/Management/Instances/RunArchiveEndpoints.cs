using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>Runs as files.</summary>
internal static class RunArchiveEndpoints
{
    public static void MapRunArchives(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-instances/{id}/export", ExportAsync).AnswersFile("application/json").Requires(Permissions.RunsOperate);
        api.MapPost("/bulk-actions/import/workflow-instances", ImportAsync).Answers<HowMany>().Requires(Permissions.RunsOperate).Audited("run.import");
    }

    private static async Task<IResult> ExportAsync(string id, RunArchive archive, CancellationToken cancellationToken) =>
        await archive.ExportAsync(id, cancellationToken) is { } document ? Results.File(document, "application/json", $"workflow-instance-{id}.json") : ManagementApi.NoRun(id);

    /// <summary>The files of a form, one run in each. They are taken in one by one: those before one that is refused are in.</summary>
    private static async Task<IResult> ImportAsync(HttpContext context, RunArchive archive, CancellationToken cancellationToken)
    {
        if (!context.Request.HasFormContentType)
        {
            return ManagementApi.Wrong("Send the exported runs as files of a form (multipart/form-data), each in a part named \"files\".");
        }

        var taken = new List<string>();
        foreach (var file in (await context.Request.ReadFormAsync(cancellationToken)).Files)
        {
            if (file.Length > RunArchive.MaxBytes)
            {
                throw new RunArchiveException($"{file.FileName} has {file.Length} bytes; at most {RunArchive.MaxBytes} are read.");
            }

            var content = new byte[file.Length];
            await using var stream = file.OpenReadStream();
            await stream.ReadExactlyAsync(content, cancellationToken);
            taken.Add((await archive.ImportAsync(content, context.User, cancellationToken)).Identity.Id);
            context.Tell(after: new { RunIds = taken });
        }

        return Results.Json(new { taken.Count }, ManagementApi.Json);
    }
}
