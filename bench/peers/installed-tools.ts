import { spawnSync } from 'node:child_process';
import { isInstalled } from '../shared/run-child.ts';
import type { Tool } from './tool.ts';

/** A tool, whether it is there, and its version ('' where it is not). */
export interface InstalledTool extends Tool {
  readonly isThere: boolean;
  readonly version: string;
}

/** Looks for each tool on the PATH. */
export function installedTools(tools: readonly Tool[]): InstalledTool[] {
  return tools.map((tool) => {
    const isThere = isInstalled(tool.program);
    return { ...tool, isThere, version: isThere ? versionOf(tool) : '' };
  });
}

function versionOf({ program, versionArgs }: Tool): string {
  const said = versionArgs.length === 0 ? '' : outputOf(program, versionArgs);
  return versionIn(said) ?? goVersionOf(program) ?? 'unknown';
}

/** The first version number of a text, without the runtime's. */
export function versionIn(text: string): string | undefined {
  return /(?<![\w.]|node v|go)v?(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}

/** What the Go toolchain noted in a program that says no version of its own. */
function goVersionOf(program: string): string | undefined {
  const file = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
  return /^\s*mod\s+\S+\s+v(\S+)/m.exec(outputOf('go', ['version', '-m', file]))?.[1];
}

function outputOf(program: string, args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
  return error === undefined ? `${stdout}${stderr}` : '';
}
