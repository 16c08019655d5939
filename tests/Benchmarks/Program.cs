using BenchmarkDotNet.Running;
using FederationWorkflows.Benchmarks;
using FederationWorkflows.Benchmarks.Load;
using FederationWorkflows.Benchmarks.Timers;

switch (args)
{
    case ["load", .. var options]:
        return await LoadCommand.Create().Parse(options).InvokeAsync();
    case ["timers"]:
        return await TimerRun.RunAsync();
    case [LoadClient.Name, var order]:
        return await LoadClient.RunAsync(order);
    case [BareServer.Name, var order]:
        return await BareServer.RunAsync(order);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(EngineBenchmarks).Assembly).Run(args);
        return 0;
}
