/** A gRPC message of zeros as it stands in a request body: five bytes of framing before it. */
export function framedMessage(messageBytes: number): Buffer {
  const framed = Buffer.alloc(5 + messageBytes);
  framed.writeUInt32BE(messageBytes, 1);
  return framed;
}
