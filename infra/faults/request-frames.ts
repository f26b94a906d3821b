// Kafka's framing, cut out of a stream as it comes: who asks for what is known from a frame's first
// bytes, and the rest passes through in the pieces in which it came. Promises: all bytes come out
// again, in order; at most a header is held back. Bytes that are no Kafka frames (TLS, say) pass
// through as one frame without a header and without an end.

/** Of the protocol's guide, "API keys": what kafkajs and this project's clients send. */
export const apiKeys = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  DescribeGroups: 15,
  ListGroups: 16,
  SaslHandshake: 17,
  ApiVersions: 18,
  CreateTopics: 19,
  DeleteTopics: 20,
  DeleteRecords: 21,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
  DescribeAcls: 29,
  CreateAcls: 30,
  DescribeConfigs: 32,
  AlterConfigs: 33,
  SaslAuthenticate: 36,
  CreatePartitions: 37,
  DeleteGroups: 42,
} as const;

export type ApiName = keyof typeof apiKeys;

const apiNames = new Map<number, ApiName>(
  Object.entries(apiKeys).map(([name, key]) => [key, name as ApiName]),
);

export interface RequestHeader {
  readonly apiKey: number;
  /** null: an API that the table above does not name. */
  readonly api: ApiName | null;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

export interface ResponseHeader {
  readonly correlationId: number;
}

export interface Piece<H> {
  /** null: these bytes are no frame that could be understood. */
  readonly header: H | null;
  /** Of the whole frame, the four bytes of its size included. */
  readonly frameBytes: number;
  readonly bytes: Buffer;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Reads a header off a frame's first bytes: undefined while there are too few, null if there is none. */
type ReadHeader<H> = (start: Buffer, frameBytes: number) => H | null | undefined;

const SIZE_BYTES = 4;
/** A broker takes 100 MiB (socket.request.max.bytes); TLS begins with what would be 353 MiB and more. */
const LARGEST_FRAME = 256 << 20;

export const readRequestHeader: ReadHeader<RequestHeader> = (start, frameBytes) => {
  // Size, API key, version, correlation id, length of the client id; then the client id.
  const fixed = SIZE_BYTES + 10;
  if (frameBytes < fixed) return null;
  if (start.length < fixed) return undefined;
  const length = start.readInt16BE(12);
  const end = fixed + Math.max(0, length);
  if (frameBytes < end) return null;
  if (start.length < end) return undefined;
  const apiKey = start.readInt16BE(4);
  return {
    apiKey,
    api: apiNames.get(apiKey) ?? null,
    version: start.readInt16BE(6),
    correlationId: start.readInt32BE(8),
    clientId: length < 0 ? null : start.toString("utf8", fixed, end),
  };
};

export const readResponseHeader: ReadHeader<ResponseHeader> = (start, frameBytes) => {
  if (frameBytes < SIZE_BYTES + 4) return null;
  return start.length < SIZE_BYTES + 4 ? undefined : { correlationId: start.readInt32BE(4) };
};

/** One direction of one connection. */
export class FrameSplitter<H> {
  private readonly readHeader: ReadHeader<H>;
  private held: Buffer = Buffer.alloc(0);
  /** The frame under way, once its header is known. */
  private frame: { readonly header: H | null; readonly frameBytes: number } | null = null;
  private left = 0;

  constructor(readHeader: ReadHeader<H>) {
    this.readHeader = readHeader;
  }

  push(chunk: Buffer): Piece<H>[] {
    const pieces: Piece<H>[] = [];
    let rest = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    this.held = Buffer.alloc(0);
    while (rest.length > 0) {
      const isFirst = this.frame === null;
      if (this.frame === null && !this.start(rest)) {
        this.held = rest;
        break;
      }
      const { header, frameBytes } = this.frame as NonNullable<typeof this.frame>;
      const bytes = rest.subarray(0, Math.min(this.left, rest.length));
      rest = rest.subarray(bytes.length);
      this.left -= bytes.length;
      const isLast = this.left === 0;
      pieces.push({ header, frameBytes, bytes, isFirst, isLast });
      if (isLast) this.frame = null;
    }
    return pieces;
  }

  /** Begins a frame if enough of it is there. */
  private start(bytes: Buffer): boolean {
    if (bytes.length < SIZE_BYTES) return false;
    const size = bytes.readInt32BE(0);
    if (size < 0 || size > LARGEST_FRAME) {
      this.frame = { header: null, frameBytes: Number.POSITIVE_INFINITY };
      this.left = Number.POSITIVE_INFINITY;
      return true;
    }
    const frameBytes = SIZE_BYTES + size;
    const header = this.readHeader(bytes.subarray(0, frameBytes), frameBytes);
    if (header === undefined) return false;
    this.frame = { header, frameBytes };
    this.left = frameBytes;
    return true;
  }
}
