using System.CommandLine;
using System.Diagnostics;
using FederationWorkflows.Cel.Tests.Oracle;
using FederationWorkflows.Cel.Tests.Properties;

var minutes = new Option<double>("--minutes") { Description = "How long to run.", DefaultValueFactory = _ => 1 };
var seed = new Option<int>("--seed") { Description = "Where the random numbers begin; another each time if it is not given.", DefaultValueFactory = _ => Environment.TickCount };
var failures = new Option<int>("--failures") { Description = "How many failures to show before it stops.", DefaultValueFactory = _ => 1 };
var command = new RootCommand("Runs random CEL expressions and texts, and shows the smallest one that fails.") { minutes, seed, failures };
command.SetAction(arguments => Run(TimeSpan.FromMinutes(arguments.GetValue(minutes)), arguments.GetValue(seed), arguments.GetValue(failures)));
return command.Parse(args).Invoke();

static int Run(TimeSpan length, int seed, int most)
{
    Console.WriteLine($"seed {seed}");
    var random = new Random(seed);
    var (expressions, data) = (new RandomExpressions(random), new RandomData(random));
    var clock = Stopwatch.StartNew();
    var (inputs, failures) = (0L, 0);
    while (clock.Elapsed < length && failures < most)
    {
        var (node, variables) = (expressions.Next(), data.Next());
        var text = AnyText.Next(random);
        var mutated = AnyText.Mutate(Printer.Print(node), random);
        inputs += 3;
        if (Comparison.Disagreement(node, variables) is not null)
        {
            failures++;
            Console.WriteLine($"input {inputs}: {Comparison.Describe(Comparison.Shrink(node, variables), variables)}");
        }

        foreach (var input in new[] { text, mutated })
        {
            if (AnyText.Problem(input, variables) is not null)
            {
                failures++;
                var shortest = AnyText.Shrink(input, variables);
                Console.WriteLine($"input {inputs}: {shortest}\n  {AnyText.Problem(shortest, variables)}");
            }
        }
    }

    Console.WriteLine($"{inputs:N0} inputs in {clock.Elapsed.TotalMinutes:F1} minutes, {failures} failures, seed {seed}");
    return failures == 0 ? 0 : 1;
}
