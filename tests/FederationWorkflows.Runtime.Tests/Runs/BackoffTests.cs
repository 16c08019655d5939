using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class BackoffTests
{
    [Fact]
    public void Of_many_who_want_to_do_the_same_at_once_one_may()
    {
        var attempts = new Backoff<int>(new FakeTime());
        for (var key = 0; key < 1_000; key++)
        {
            var begun = 0;
            Parallel.For(0, 4, _ => Interlocked.Add(ref begun, attempts.TryBegin(key) ? 1 : 0));
            begun.ShouldBe(1);
        }
    }

    [Fact]
    public void After_a_failure_it_is_tried_again_later_and_then_less_often()
    {
        var time = new FakeTime();
        var attempts = new Backoff<string>(time);
        foreach (var seconds in new[] { 30, 60, 120, 240, 300, 300 })
        {
            attempts.TryBegin("work").ShouldBeTrue();
            attempts.TryBegin("work").ShouldBeFalse("it is being tried");
            attempts.Failed("work");
            attempts.NextAt.ShouldBe(time.Now.AddSeconds(seconds));
            time.Advance(TimeSpan.FromSeconds(seconds - 1));
            attempts.TryBegin("work").ShouldBeFalse();
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void What_fails_while_everything_may_be_tried_again_may_be_tried_again_too()
    {
        var attempts = new Backoff<int>(new FakeTime());
        for (var key = 0; key < 20_000; key++)
        {
            attempts.TryBegin(key).ShouldBeTrue();
            var own = key;
            Parallel.Invoke(() => attempts.Failed(own), attempts.Restart);
            attempts.TryBegin(key).ShouldBeTrue();
            attempts.Succeeded(key);
        }
    }
}
