using System.CommandLine;
using FederationWorkflows.Cli.Demo;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.Cli.Run;
using FederationWorkflows.Cli.Validate;

var root = new RootCommand("FederationWorkflows: automation across Google Cloud and AWS without static keys.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    ValidateCommand.Create(),
    LabCommand.Create(),
};

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
