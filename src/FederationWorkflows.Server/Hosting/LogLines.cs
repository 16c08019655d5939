using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting;

namespace FederationWorkflows.Server.Hosting;

/// <summary>
/// Writes the log to standard output from one thread, as many lines at once as have come together. Who logs does not wait for a pipe or a
/// terminal, and requests that end at the same time do not queue up for it; only when it falls behind for long do they wait.
/// </summary>
internal sealed class LogLines : ILogEventSink, IDisposable
{
    /// <summary>Lines that may wait to be written.</summary>
    private const int MaxWaiting = 8_192;

    private const int MaxAtOnce = 64 * 1024;

    /// <summary>Characters of the longest line whose room is used again.</summary>
    private const int MaxKept = 16 * 1024;

    /// <summary>After something was written, so that what follows comes together: a line by itself costs two switches between threads.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Where this thread formats its lines.</summary>
    [ThreadStatic]
    private static StringBuilder? free;

    private readonly Channel<string> waiting = Channel.CreateBounded<string>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    private readonly CancellationTokenSource closing = new();

    private readonly ITextFormatter formatter;

    private readonly Thread thread;

    private LogLines(ITextFormatter formatter)
    {
        this.formatter = formatter;
        thread = new Thread(Write) { IsBackground = true, Name = "log" };
        thread.Start();
    }

    /// <summary>The logger that has it disposes of it.</summary>
    public static ILogEventSink ToStandardOutput(ITextFormatter formatter) => new LogLines(formatter);

    public void Emit(LogEvent logEvent)
    {
        var room = free ?? new StringBuilder(1_024);
        free = null;
        using var line = new StringWriter(room, CultureInfo.InvariantCulture);
        formatter.Format(logEvent, line);
        var text = line.ToString();
        free = room.Clear().Capacity <= MaxKept ? room : null;
        if (!waiting.Writer.TryWrite(text) && !waiting.Reader.Completion.IsCompleted)
        {
            WaitToWrite(text);
        }
    }

    /// <summary>Writes what waits, and ends.</summary>
    public void Dispose()
    {
        waiting.Writer.TryComplete();
        closing.Cancel();
        thread.Join();
        closing.Dispose();
    }

    private void WaitToWrite(string text)
    {
        try
        {
            waiting.Writer.WriteAsync(text).AsTask().GetAwaiter().GetResult();
        }
        catch (ChannelClosedException)
        {
            // The server has ended meanwhile, and takes no more lines.
        }
    }

    private void Write()
    {
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), MaxAtOnce) { AutoFlush = false };
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            try
            {
                for (var written = 0; written < MaxAtOnce && waiting.Reader.TryRead(out var line); written += line.Length)
                {
                    output.Write(line);
                }

                output.Flush();
            }
            catch (Exception e)
            {
                // Whoever read it has gone, or the disk is full. The server goes on without.
                SelfLog.WriteLine("The log cannot be written: {0}", e.Message);
            }

            if (!closing.IsCancellationRequested && waiting.Reader.Count < MaxWaiting / 8)
            {
                closing.Token.WaitHandle.WaitOne(Pause);
            }
        }
    }
}
