using FederationWorkflows.Server.Hosting;

await using var app = await ServerHost.CreateAsync(args, configure: null, CancellationToken.None);
await app.RunAsync();
