import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misspeltText, unknownVariables } from '../../../src/cli/settings/misspelt-variables.ts';
import { runCli } from '../run-cli.ts';

const KNOWN = ['ENGRAM_TRACE_LIMIT', 'ENGRAM_TRACE_RATE_MULTIPLIER'];
const unknown = (env: NodeJS.ProcessEnv) => unknownVariables(env, KNOWN);

test('a variable is misspelt where no flag has its name, whatever the case', () => {
  const misspelt = {
    ENGRAM_TRACE_LIMT: '1',
    engram_trace_limit: '1',
    ENGRAMTRACE_LIMIT: '1',
    ENGRAM_TRACE_RATE: '2',
  };
  assert.deepEqual(unknown(misspelt), Object.keys(misspelt));
});

test('no variable of others is called misspelt', () => {
  const fine = {
    ENGRAM_TRACE_LIMIT: '1',
    ENGRAM_TRACE_CONFIG: 'x.toml',
    ENGRAM_TRACE_DEBUG: '1',
    ENGRAM_TRACE_TEST_FULL: '1',
    ENGRAM_TRACE_EMPTY: '',
    ENGRAM_TRACE_SERVICE_HOST: '10.0.0.1',
    ENGRAM_TRACE_SERVICE_PORT_HTTP: '80',
    ENGRAM_TRACE_PORT: 'tcp://10.0.0.1:80',
    ENGRAM_TRACE_PORT_80_TCP_ADDR: '10.0.0.1',
    ENGRAM_DATA_DIR: '/var',
    PATH: '/bin',
  };
  assert.deepEqual(unknown(fine), []);
});

test('the nearest variable is named: of this command before that of another', () => {
  const text = (name: string) => misspeltText(name, ['ENGRAM_TRACE_LIMIT'], KNOWN);
  assert.match(text('ENGRAM_TRACE_LIMTI'), /ENGRAM_TRACE_LIMTI .*did you mean ENGRAM_TRACE_LIMIT\?$/);
  assert.match(text('engram_trace_limit'), /did you mean ENGRAM_TRACE_LIMIT\?$/);
  assert.match(text('ENGRAM_TRACE_RATE_MULTPLIER'), /did you mean ENGRAM_TRACE_RATE_MULTIPLIER\?$/);
  assert.match(text('ENGRAM_TRACE_CONFG'), /did you mean ENGRAM_TRACE_CONFIG\?$/);
  assert.doesNotMatch(text('ENGRAM_TRACE_SOMETHING_ELSE'), /did you mean/);
});

test('every command warns of a misspelt variable, and not of one of another command', async () => {
  const env = { ENGRAM_TRACE_LIMTI: '1', ENGRAM_TRACE_RATE_MULTIPLIER: '2', ENGRAM_TRACE_NO_SUCH: '1' };
  const { code, stderr } = await runCli(['cat', '--quiet'], {
    input: '{"start_ns":1,"op":"recall","path":"/r","session":"a"}\n',
    env,
  });
  assert.equal(code, 0);
  assert.match(stderr, /warning: the variable ENGRAM_TRACE_LIMTI .*did you mean ENGRAM_TRACE_LIMIT\?\n/);
  assert.match(stderr, /ENGRAM_TRACE_NO_SUCH/);
  assert.doesNotMatch(stderr, /RATE_MULTIPLIER/);
});
