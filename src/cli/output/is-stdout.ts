import { followLinks } from '../../trace/file/output-place.ts';

/** Whether an output's name means our stdout: `-`, or `/dev/stdout` and whatever links there. */
export function isStdout(name: string): boolean {
  return name === '-' || followLinks(name) === 1;
}
