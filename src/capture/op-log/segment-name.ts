const NAME = /^oplog-\d{8}T\d{9}Z-([0-9A-Za-z]{1,32})-\d{6,}\.trace\.zst$/;

/** File name of a segment: UTC time of its opening, run, number. Names of one run sort in the order of time. */
export function segmentName(openedUnixMs: number, runId: string, number: number): string {
  const utc = new Date(openedUnixMs).toISOString().replace(/[-:.]/g, '');
  return `oplog-${utc}-${runId}-${String(number).padStart(6, '0')}.trace.zst`;
}

/** Whether `name` is one that `segmentName` gives; nothing else in the folder is ever touched. */
export function isSegmentName(name: string): boolean {
  return NAME.test(name);
}

/** The run that such a name tells; '' for another name. */
export function runOfSegment(name: string): string {
  return NAME.exec(name)?.[1] ?? '';
}
