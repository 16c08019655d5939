using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(FederationWorkflows.Benchmarks.EngineBenchmarks).Assembly).Run(args);
