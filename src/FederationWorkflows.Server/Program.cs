using FederationWorkflows.Server.Hosting;

try
{
    await using var app = await ServerHost.CreateAsync(args, configure: null, CancellationToken.None);
    await app.RunAsync();
    return 0;
}
catch (Exception e)
{
    await Console.Error.WriteLineAsync($"The server cannot run: {ServerHost.Explain(e)}");
    return 1;
}
