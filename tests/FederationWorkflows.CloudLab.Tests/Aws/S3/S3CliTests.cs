using System.Net;

namespace FederationWorkflows.CloudLab.Tests.Aws.S3;

/// <summary>The high-level commands of Debian's AWS CLI, its S3 API commands, and boto3's transfers.</summary>
public sealed class S3CliTests : IAsyncLifetime
{
    private TestLab lab = null!;
    private ClientProgram program = null!;
    private Dictionary<string, string> engineer = null!;

    public async ValueTask InitializeAsync()
    {
        lab = await TestLab.StartAsync();
        program = new ClientProgram(lab);
        engineer = program.As(lab.Server.AccessKeys[0]);
    }

    public async ValueTask DisposeAsync()
    {
        program.Dispose();
        await lab.DisposeAsync();
    }

    [Fact]
    public async Task A_folder_is_synchronized_up_copied_moved_and_down_again()
    {
        var up = Directory.CreateDirectory(Path.Combine(program.Folder, "up"));
        var large = await WriteAsync(Path.Combine(up.FullName, "disk image.bin"), 20_000_000);
        await WriteAsync(Path.Combine(up.FullName, "notes", "ä+1.txt"), 1000);
        await WriteAsync(Path.Combine(up.FullName, "empty"), 0);

        await program.AwsAsync(engineer, "s3", "mb", "s3://case-2041");
        await program.AwsAsync(engineer, "s3", "sync", "--no-progress", "up", "s3://case-2041/in");
        (await program.AwsAsync(engineer, "s3", "sync", "--no-progress", "up", "s3://case-2041/in")).ShouldBe("");
        (await program.AwsAsync(engineer, "s3", "ls", "--recursive", "--summarize", "s3://case-2041")).ShouldContain("Total Objects: 3\n   Total Size: 20001000");
        await program.AwsAsync(engineer, "s3", "cp", "--no-progress", "s3://case-2041/in/disk image.bin", "s3://case-2041/out/copy.bin");
        await program.AwsAsync(engineer, "s3", "mv", "--no-progress", "s3://case-2041/out/copy.bin", "s3://case-2041/out/moved.bin");
        await program.AwsAsync(engineer, "s3", "sync", "--no-progress", "s3://case-2041", "down");

        (await File.ReadAllBytesAsync(Path.Combine(program.Folder, "down", "out", "moved.bin"), TestLab.Cancel)).ShouldBe(large);
        Directory.GetFiles(Path.Combine(program.Folder, "down"), "*", SearchOption.AllDirectories).Length.ShouldBe(4);
        lab.Server.Events.Snapshot().Select(static labEvent => labEvent.EventName).Distinct().ShouldBe(
            ["CreateBucket", "ListObjects", "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "HeadObject", "GetObjectTagging", "UploadPartCopy", "DeleteObject", "GetObject"],
            ignoreOrder: true);

        await program.AwsAsync(engineer, "s3", "rm", "--recursive", "s3://case-2041");
        await program.AwsAsync(engineer, "s3", "rb", "s3://case-2041");
        (await program.RefusedAsync(engineer, "s3", "ls", "s3://case-2041")).ShouldContain("An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist");
    }

    [Fact]
    public async Task A_presigned_url_of_the_cli_is_for_one_object_and_one_method()
    {
        var url = (await program.AwsAsync(engineer, "s3", "presign", "s3://security-lab-incident-evidence/INC-2041/indicators.csv", "--expires-in", "60")).Trim();

        (await lab.Http.GetStringAsync(new Uri(url), TestLab.Cancel)).ShouldStartWith("type,value");
        foreach (var spoiled in new[] { url.Replace("indicators.csv", "timeline.md", StringComparison.Ordinal), url.Replace("X-Amz-Expires=60", "X-Amz-Expires=600", StringComparison.Ordinal) })
        {
            using var refused = await lab.Http.GetAsync(new Uri(spoiled), TestLab.Cancel);
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await refused.Content.ReadAsStringAsync(TestLab.Cancel)).ShouldContain("<Code>SignatureDoesNotMatch</Code>");
        }

        using var deleted = await lab.Http.DeleteAsync(new Uri(url), TestLab.Cancel);
        deleted.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_api_commands_of_the_cli_work()
    {
        string[] of = ["--bucket", "security-lab-incident-evidence", "--key", "INC-2041/indicators.csv"];

        (await program.AwsAsync(engineer, ["s3api", "head-object", .. of, "--query", "ContentLength"])).Trim().ShouldBe("44");
        (await program.AwsAsync(engineer, ["s3api", "get-object", .. of, "--range", "bytes=5-9", "part", "--query", "ContentRange", "--output", "text"])).Trim().ShouldBe("bytes 5-9/44");
        (await File.ReadAllTextAsync(Path.Combine(program.Folder, "part"), TestLab.Cancel)).ShouldBe("value");
        await program.AwsAsync(engineer, ["s3api", "put-object-tagging", .. of, "--tagging", "TagSet=[{Key=case,Value=INC-2041}]"]);
        (await program.AwsAsync(engineer, ["s3api", "get-object-tagging", .. of, "--query", "TagSet[0].Value", "--output", "text"])).Trim().ShouldBe("INC-2041");
        (await program.AwsAsync(engineer, "s3api", "list-objects", "--bucket", "security-lab-incident-evidence", "--delimiter", "/", "--query", "CommonPrefixes[].Prefix", "--output", "text")).Trim()
            .ShouldBe("INC-2041/\tsealed/");
        (await program.AwsAsync(engineer, "s3api", "delete-objects", "--bucket", "security-lab-incident-evidence", "--delete", "Objects=[{Key=INC-2041/timeline.md}]", "--query", "Deleted[0].Key", "--output", "text")).Trim()
            .ShouldBe("INC-2041/timeline.md");
        (await program.RefusedAsync(engineer, "s3api", "head-object", "--bucket", "security-lab-incident-evidence", "--key", "INC-2041/timeline.md"))
            .ShouldContain("An error occurred (404) when calling the HeadObject operation: Not Found");
    }

    [Fact]
    public async Task Boto3_transfers_large_objects_and_presigns()
    {
        const string Script = """
            import boto3, io, os, urllib.request
            from boto3.s3.transfer import TransferConfig
            from botocore.config import Config
            from botocore.exceptions import ClientError
            lab = os.environ["LAB"]
            s3 = boto3.client("s3", endpoint_url=lab, config=Config(signature_version="s3v4"))
            bucket, content = "security-lab-incident-evidence", os.urandom(12_000_000)
            s3.upload_fileobj(io.BytesIO(content), bucket, "large", Config=TransferConfig(multipart_chunksize=5 * 1024 * 1024),
                ExtraArgs={"ChecksumAlgorithm": "SHA256", "Metadata": {"case": "INC-2041"}})
            s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy")
            back = io.BytesIO()
            s3.download_fileobj(bucket, "copy", back, Config=TransferConfig(multipart_threshold=5 * 1024 * 1024))
            print(back.getvalue() == content, s3.head_object(Bucket=bucket, Key="large")["Metadata"])
            print(s3.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-3"'))
            url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "by-url"}, ExpiresIn=60)
            urllib.request.urlopen(urllib.request.Request(url, data=b"hello", method="PUT"))
            print(s3.get_object(Bucket=bucket, Key="by-url")["Body"].read())
            print(sum(len(page["Contents"]) for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})))
            try:
                s3.get_object(Bucket=bucket, Key="by-url", IfMatch='"0123"')
            except ClientError as error:
                print(error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
            who = boto3.client("sts", endpoint_url=lab, region_name="us-east-1").generate_presigned_url("get_caller_identity", HttpMethod="GET")
            print("arn:aws:iam::111122223333:user/security-engineer" in urllib.request.urlopen(who).read().decode())
            """;

        (await program.PythonAsync(engineer, Script)).ShouldBe("True {'case': 'INC-2041'}\nTrue\nb'hello'\n6\nPreconditionFailed 412\nTrue\n");
    }

    private static async Task<byte[]> WriteAsync(string path, int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, content, TestLab.Cancel);
        return content;
    }
}
