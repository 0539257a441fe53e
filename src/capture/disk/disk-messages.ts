import type { FileLook, SegmentInfo } from './segment-fs.ts';

/** One call to the disk process. `file` is the number that `create` gave. The bytes of a `write` come through stdin. */
export type DiskCall =
  | { readonly kind: 'create'; readonly name: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'remove'; readonly name: string }
  | {
      readonly kind: 'write';
      readonly file: number;
      readonly sizeBytes: number;
      readonly position: number;
    }
  | { readonly kind: 'truncate'; readonly file: number; readonly sizeBytes: number }
  | { readonly kind: 'look' | 'sync' | 'close'; readonly file: number };

/** The messages to the disk process, which handles one after the other and answers in their order. */
export interface ToDisk {
  readonly id: number;
  readonly call: DiskCall;
}

/** What a call to the disk process returned, or why it failed. */
export type DiskResult = number | FileLook | SegmentInfo[] | undefined;

export interface FromDisk {
  readonly id: number;
  readonly result: DiskResult;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}
