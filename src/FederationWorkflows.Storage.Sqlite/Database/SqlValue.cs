namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>A value of a statement's parameter: null, integer, text or bytes.</summary>
internal readonly struct SqlValue
{
    private readonly long number;

    private readonly string? text;

    private readonly ReadOnlyMemory<byte> bytes;

    private readonly Kind kind;

    private SqlValue(Kind kind, long number = 0, string? text = null, ReadOnlyMemory<byte> bytes = default) =>
        (this.kind, this.number, this.text, this.bytes) = (kind, number, text, bytes);

    private enum Kind : byte
    {
        Null,
        Integer,
        Text,
        Bytes,
    }

    public static implicit operator SqlValue(long value) => new(Kind.Integer, value);

    public static implicit operator SqlValue(bool value) => new(Kind.Integer, value ? 1 : 0);

    public static implicit operator SqlValue(string? value) => value is null ? default : new(Kind.Text, text: value);

    public static implicit operator SqlValue(byte[] value) => new(Kind.Bytes, bytes: value);

    public static implicit operator SqlValue(ReadOnlyMemory<byte> value) => new(Kind.Bytes, bytes: value);

    public static implicit operator SqlValue(DateTimeOffset value) => new(Kind.Integer, value.UtcTicks);

    public static implicit operator SqlValue(DateTimeOffset? value) => value is { } time ? time : default(SqlValue);

    /// <summary>Binds the value to the parameter of a number, from 1.</summary>
    public int Bind(SQLitePCL.sqlite3_stmt statement, int parameter) => kind switch
    {
        Kind.Null => SQLitePCL.raw.sqlite3_bind_null(statement, parameter),
        Kind.Integer => SQLitePCL.raw.sqlite3_bind_int64(statement, parameter, number),
        Kind.Text => SQLitePCL.raw.sqlite3_bind_text(statement, parameter, text),
        _ => bytes.IsEmpty ? SQLitePCL.raw.sqlite3_bind_zeroblob(statement, parameter, 0) : SQLitePCL.raw.sqlite3_bind_blob(statement, parameter, bytes.Span),
    };
}
