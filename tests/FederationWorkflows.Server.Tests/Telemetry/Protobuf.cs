using System.Buffers.Binary;
using System.Text;

namespace FederationWorkflows.Server.Tests.Telemetry;

/// <summary>A message as it stands on the wire (Protocol Buffers Documentation: "Encoding"): fields by number, of no type but how they were written.</summary>
internal sealed class Protobuf
{
    private readonly List<(int Number, ulong Scalar, byte[]? Bytes)> fields = [];

    public Protobuf(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            var key = Varint(ref data);
            var number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    fields.Add((number, Varint(ref data), null));
                    break;
                case 1:
                    fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(data), null));
                    data = data[8..];
                    break;
                case 2:
                    var length = (int)Varint(ref data);
                    fields.Add((number, 0, data[..length].ToArray()));
                    data = data[length..];
                    break;
                case 5:
                    fields.Add((number, BinaryPrimitives.ReadUInt32LittleEndian(data), null));
                    data = data[4..];
                    break;
                default:
                    throw new FormatException($"Field {number} has the unknown wire type {key & 7}.");
            }
        }
    }

    public IEnumerable<Protobuf> Messages(int number) => fields.Where(field => field.Number == number && field.Bytes is not null).Select(field => new Protobuf(field.Bytes!));

    public Protobuf? Message(int number) => Messages(number).FirstOrDefault();

    public byte[] Bytes(int number) => fields.Where(field => field.Number == number).Select(field => field.Bytes).FirstOrDefault() ?? [];

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    public bool Has(int number) => fields.Exists(field => field.Number == number);

    public ulong Scalar(int number) => fields.Where(field => field.Number == number).Select(field => field.Scalar).FirstOrDefault();

    public double Double(int number) => BitConverter.UInt64BitsToDouble(Scalar(number));

    private static ulong Varint(ref ReadOnlySpan<byte> data)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = data[0];
            data = data[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
