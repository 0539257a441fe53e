/** The command that makes a trace of one window of what was inspected; null for what came through a pipe. */
export function cutCommand(
  { name, format }: { name: string; format: string },
  startIso: string,
  widthS: number,
): string | null {
  if (name === '-') return null;
  const isExported = format === 'op log' || format === 'trace';
  const source = quoted(name);
  if (isExported) return `engram-trace export --source ${source} --start ${startIso} --duration ${widthS}`;
  const endIso = new Date(Date.parse(startIso) + widthS * 1000).toISOString();
  return `engram-trace filter ${source} --from ${startIso} --to ${endIso} --output peak.trace.zst`;
}

/** Quotes a path for a shell. */
function quoted(path: string): string {
  const text = path.startsWith('-') ? `./${path}` : path;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
