import { didYouMean } from '../../nearest.ts';

const OURS = /^engram_?trace_/i;
const PREFIX = 'ENGRAM_TRACE_';
/** Not flags: `_CONFIG` names the file, `_DEBUG` asks for stacks, `_TEST_…` are the project's own tests. */
const OTHERS = ['CONFIG', 'DEBUG'].map((name) => PREFIX + name);
const OF_TESTS = /^ENGRAM_TRACE_TEST_/;
/** What Kubernetes sets for a service that is called engram-trace. */
const OF_KUBERNETES = /^ENGRAM_TRACE_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP)(_\w+)?)$/;

/** Variables of ours that are set and no one of `known`, which are the variables of flags. */
export function unknownVariables(env: NodeJS.ProcessEnv, known: Iterable<string>): string[] {
  const names = new Set([...known, ...OTHERS]);
  return Object.keys(env).filter((name) => {
    const value = env[name] ?? '';
    if (!OURS.test(name) || value === '' || names.has(name)) return false;
    return !OF_TESTS.test(name) && !OF_KUBERNETES.test(name) && !/^(tcp|udp):\/\//.test(value);
  });
}

/** Says which variable may have been meant by an unknown one: the nearest one of this command, else of any. */
export function misspeltText(name: string, ofCommand: readonly string[], ofAny: readonly string[]): string {
  const word = bare(name);
  const near = (known: readonly string[]) => didYouMean(word, known.map(bare), '');
  const hint = near([...ofCommand, ...OTHERS]) || near(ofAny);
  const meant = hint === '' ? '' : `; ${hint.replace('did you mean ', `did you mean ${PREFIX}`)}`;
  return `the variable ${name} sets nothing: no command has such a flag${meant}`;
}

/** Without the prefix, which would make any two names alike. */
function bare(name: string): string {
  return name.replace(OURS, '');
}
