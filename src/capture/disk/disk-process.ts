import type { DiskCall, DiskResult, FromDisk, ToDisk } from './disk-messages.ts';
import { inputBytes } from './input-bytes.ts';
import { LEFT_TO_THE_PARENT } from './left-to-the-parent.ts';
import { createSegmentFs, type SegmentFile } from './segment-fs.ts';

// Entry point of the process that calls the file system, and does nothing else. A call on a disk that hangs can be
// neither ended nor waited out: a process can be left behind, a thread would hold up the end of capture.

/** How long the disk process goes on, after capture was killed, with the calls that are under way. */
const ORPHAN_MS = 10_000;

for (const signal of LEFT_TO_THE_PARENT) process.on(signal, () => {});

const fs = createSegmentFs(process.argv[2] ?? '');
const files = new Map<number, SegmentFile>();
let lastFile = 0;
let last: Promise<void> = Promise.resolve();

process.on('message', (message: ToDisk) => {
  last = last.then(() => answer(message));
});
process.on('disconnect', () => {
  const end = (): unknown => process.kill(process.pid, 'SIGKILL'); // an exit would wait for a call that hangs
  setTimeout(end, ORPHAN_MS);
  void last.then(end);
});

async function answer({ id, call }: ToDisk): Promise<void> {
  let reply: FromDisk;
  try {
    reply = { id, result: await carryOut(call), error: undefined };
  } catch (thrown) {
    const { code = '', message } = thrown as NodeJS.ErrnoException;
    reply = { id, result: undefined, error: { code, message } };
  }
  process.send?.(reply, undefined, undefined, () => {}); // nobody listens once capture was killed
}

async function carryOut(call: DiskCall): Promise<DiskResult> {
  if (call.kind === 'list') return fs.list();
  if (call.kind === 'remove') return fs.remove(call.name).then(() => undefined);
  if (call.kind === 'create') {
    files.set(++lastFile, await fs.create(call.name));
    return lastFile;
  }
  const file = files.get(call.file);
  if (file === undefined) throw new Error('the file is closed');
  if (call.kind === 'look') return file.look();
  if (call.kind === 'write') await writeFromInput(file, call);
  else if (call.kind === 'truncate') await file.truncate(call.sizeBytes);
  else if (call.kind === 'sync') await file.sync();
  else {
    files.delete(call.file);
    await file.close();
  }
  return undefined;
}

/** Writes what comes through stdin; takes all of it off there, also when the disk does not take it. */
async function writeFromInput(file: SegmentFile, call: DiskCall & { kind: 'write' }): Promise<void> {
  let { position } = call;
  let failure: unknown;
  for await (const piece of inputBytes(process.stdin, call.sizeBytes)) {
    if (failure !== undefined) continue;
    await file.write(piece, position).catch((thrown: unknown) => {
      failure = thrown;
    });
    position += piece.length;
  }
  if (position < call.position + call.sizeBytes) await file.truncate(call.position); // capture was killed meanwhile
  if (failure !== undefined) throw failure;
}
