import { type ByteWriter, createByteWriter } from '../../trace/bytes/byte-writer.ts';

/** Bodies are written one behind the other into memory that many share: an allocation for each costs more than its bytes. */
export interface BodyRoom {
  /** Where the next body is to be written. */
  begin(): ByteWriter;
  /** What was written since. */
  end(): Uint8Array;
}

/** One body that is held keeps so much. */
const ROOM_BYTES = 64 * 1024;
/** With less left than this, the next body may move what lies before it. */
const LEAST_LEFT_BYTES = 16 * 1024;

/** Makes room for bodies that stay valid as long as they are held. */
export function createBodyRoom(): BodyRoom {
  let writer = createByteWriter(ROOM_BYTES);
  let from = 0;
  return {
    begin() {
      from = writer.sizeBytes;
      if (from > ROOM_BYTES - LEAST_LEFT_BYTES) {
        writer = createByteWriter(ROOM_BYTES);
        from = 0;
      }
      return writer;
    },
    end: () => writer.view(from, writer.sizeBytes),
  };
}

/** Makes room for one body at a time, which is there until the next: fresh memory costs as much as all else in a body. */
export function createSingleBodyRoom(): BodyRoom {
  const writer = createByteWriter(ROOM_BYTES);
  return {
    begin() {
      writer.clear();
      return writer;
    },
    end: () => writer.view(0, writer.sizeBytes),
  };
}
