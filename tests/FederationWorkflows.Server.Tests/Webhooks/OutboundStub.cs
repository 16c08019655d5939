using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FederationWorkflows.Http.Outbound;

namespace FederationWorkflows.Server.Tests.Webhooks;

/// <summary>The world outside, as the test has it.</summary>
internal sealed class OutboundStub : IOutboundHttp
{
    public ConcurrentDictionary<string, string> Pages { get; } = new();

    public ConcurrentQueue<string> Asked { get; } = new();

    public TimeSpan Timeout => TimeSpan.FromSeconds(5);

    public HttpMessageHandler CreateHandler() => new Handler(this);

    public HttpClient CreateClient() => new(CreateHandler(), disposeHandler: true);

    private sealed class Handler(OutboundStub owner) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var address = request.RequestUri!.AbsoluteUri;
            owner.Asked.Enqueue(address);
            return Task.FromResult(owner.Pages.TryGetValue(address, out var page)
                ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(page, Encoding.UTF8), RequestMessage = request }
                : new HttpResponseMessage(HttpStatusCode.NotFound) { RequestMessage = request });
        }
    }
}
