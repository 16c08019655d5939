using BenchmarkDotNet.Running;
using FederationWorkflows.Benchmarks;
using FederationWorkflows.Benchmarks.Load;

switch (args)
{
    case ["load", .. var options]:
        return await LoadCommand.Create().Parse(options).InvokeAsync();
    case [LoadClient.Name, var order]:
        return await LoadClient.RunAsync(order);
    case [BareServer.Name, var order]:
        return await BareServer.RunAsync(order);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(EngineBenchmarks).Assembly).Run(args);
        return 0;
}
