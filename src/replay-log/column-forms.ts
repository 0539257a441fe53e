import type { ByteWriter } from '../trace/bytes/byte-writer.ts';
import type { WireReader } from '../trace/bytes/wire-reader.ts';
import { readOptionalSigned, readSigned, writeSigned } from './zigzag.ts';

/** The values of one column of a block. */
export type ColumnValues = Float64Array | Int32Array | Uint8Array;

/** How the values of a column are written in a block, and read again: one or more bytes a value. */
export interface ColumnForm {
  /** The number that stands for absent in memory, besides NaN. */
  readonly absent?: number;
  /** `originNs` is what the first value counts from, `dueNs` are the due times of the same entries. */
  write(out: ByteWriter, values: ColumnValues, count: number, originNs: number, dueNs: ColumnValues): void;
  /** Reads as many values as `into` has room for. */
  read(reader: WireReader, into: ColumnValues, originNs: number, dueNs: ColumnValues): void;
}

/** Writes numbers from 0 on as they are. */
export const plain: ColumnForm = shifted(0);

/** Writes numbers from -1 on; -1 is an absent one. */
export const orMinusOne: ColumnForm = { ...shifted(1), absent: -1 };

/** Writes numbers from 0 on; NaN is an absent one. */
export const orNaN: ColumnForm = {
  write(out, values, count) {
    for (let i = 0; i < count; i += 1) {
      const value = values[i] as number;
      out.varint(Number.isNaN(value) ? 0 : 1 + value);
    }
  },
  read(reader, into) {
    for (let i = 0; i < into.length; i += 1) {
      const raw = Number(reader.unsigned());
      into[i] = raw === 0 ? Number.NaN : raw - 1;
    }
  },
};

/** Writes the difference of each value to the one before, and of the first to the origin. */
export const deltas: ColumnForm = {
  write(out, values, count, originNs) {
    let last = originNs;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] as number;
      writeSigned(out, value - last);
      last = value;
    }
  },
  read(reader, into, originNs) {
    let last = originNs;
    for (let i = 0; i < into.length; i += 1) {
      last += readSigned(reader);
      into[i] = last;
    }
  },
};

/** Writes times as what passed since the due time of the same entry; NaN is an absent one. */
export const afterDue: ColumnForm = {
  write(out, values, count, _originNs, dueNs) {
    for (let i = 0; i < count; i += 1) {
      const value = values[i] as number;
      if (Number.isNaN(value)) out.varint(0);
      else writeSigned(out, value - (dueNs[i] as number), 1);
    }
  },
  read(reader, into, _originNs, dueNs) {
    for (let i = 0; i < into.length; i += 1) into[i] = (dueNs[i] as number) + readOptionalSigned(reader);
  },
};

/** Writes the difference of each value to the last one that was there; NaN is an absent one. */
export const places: ColumnForm = {
  write(out, values, count) {
    let last = 0;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] as number;
      if (Number.isNaN(value)) out.varint(0);
      else {
        writeSigned(out, value - last, 1);
        last = value;
      }
    }
  },
  read(reader, into) {
    let last = 0;
    for (let i = 0; i < into.length; i += 1) {
      const apart = readOptionalSigned(reader);
      if (!Number.isNaN(apart)) last += apart;
      into[i] = Number.isNaN(apart) ? Number.NaN : last;
    }
  },
};

function shifted(plus: 0 | 1): ColumnForm {
  return {
    write(out, values, count) {
      for (let i = 0; i < count; i += 1) out.varint((values[i] as number) + plus);
    },
    read(reader, into) {
      for (let i = 0; i < into.length; i += 1) into[i] = reader.varint() - plus;
    },
  };
}
