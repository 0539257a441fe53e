import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedactor } from '../../../src/capture/redact/redactor.ts';
import { createBlockBuilder } from '../../../src/trace/block/block-builder.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import {
  KEPT_HEADERS,
  KEPT_PARAMETERS,
  KEPT_TARGETS,
  KEPT_VALUES,
  MARKER,
  SECRET_HEADERS,
  SECRET_PARAMETERS,
  SECRET_TARGETS,
  SECRET_VALUES,
} from './secret-kinds.ts';

const redactor = createRedactor();
const headerValue = (name: string, value: string): string =>
  redactor.headers([name, value], false)[1] as string;

describe('redaction by default', () => {
  const cases =
    SECRET_HEADERS.length + SECRET_PARAMETERS.length + SECRET_TARGETS.length + SECRET_VALUES.length;
  it('is tried with more than 202 kinds of secret, and more than 60 names that are none', () => {
    assert.ok(cases > 202, `${cases}`);
    assert.ok(KEPT_HEADERS.length + KEPT_PARAMETERS.length > 60);
  });

  it('replaces the values of headers and metadata whose names tell of a secret', () => {
    assert.deepEqual(
      SECRET_HEADERS.filter((name) => headerValue(name, MARKER) !== '[redacted]'),
      [],
    );
  });

  it('replaces the values of parameters whose names do, in query, fragment, path, form and URL headers', () => {
    const left = SECRET_PARAMETERS.flatMap((name) => {
      const places: [string, string][] = [
        [redactor.target(`/a?x=1&${name}=${MARKER}&y=2`), `/a?x=1&${name}=[redacted]&y=2`],
        [redactor.target(`/a?${name}=${MARKER};y=2`), `/a?${name}=[redacted];y=2`],
        [redactor.target(`/a#${name}=${MARKER}`), `/a#${name}=[redacted]`],
        [redactor.target(`/a;${name}=${MARKER}/b`), `/a;${name}=[redacted]/b`],
        [headerValue('Referer', `https://h/?${name}=${MARKER}`), `https://h/?${name}=[redacted]`],
        [headerValue('X-Else', `a=1; ${name}=${MARKER}`), `a=1; ${name}=[redacted]`],
      ];
      return places.filter(([found, wanted]) => found !== wanted).map(([found]) => found);
    });
    assert.deepEqual(left, []);
  });

  it('replaces secrets in paths, fragments, URLs inside of parameters, and logins', () => {
    assert.deepEqual(
      SECRET_TARGETS.map((target) => redactor.target(target)).filter((target) => target.includes(MARKER)),
      [],
    );
    for (const target of SECRET_TARGETS) assert.match(redactor.target(target), /\[redacted\]/);
  });

  it('keeps JSON in a parameter JSON, and all of a parameter that the user keeps', () => {
    const target = '/a?q={"user":"u","password":"p\\"x","pin":123}&x={"token":"t"}';
    const kept = createRedactor({ parameters: { keep: ['q'] } });
    assert.equal(
      redactor.target(target),
      '/a?q={"user":"u","password":"[redacted]","pin":"[redacted]"}&x={"token":"[redacted]"}',
    );
    assert.equal(kept.target(target), target.replace('"t"', '"[redacted]"'));
  });

  it('replaces secrets in the values of other headers', () => {
    const left = SECRET_VALUES.map(([name, value]) => [name, headerValue(name, value)] as const);
    assert.deepEqual(
      left.filter(([, value]) => value.includes(MARKER) || !value.includes('[redacted]')),
      [],
    );
  });

  it('keeps headers that are none', () => {
    for (const value of [
      'kept',
      'a=1; b="2", c',
      'W/"x"',
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ])
      assert.deepEqual(
        KEPT_HEADERS.filter((name) => headerValue(name, value) !== value),
        [],
      );
  });

  it('keeps texts that name a secret and hold none', () => {
    for (const value of KEPT_VALUES) assert.equal(headerValue('X-Text', value), value);
  });

  it('keeps parameters that are none', () => {
    const target = (name: string): string => `/a;${name}=v/b?x=1&${name}=v#${name}=v`;
    assert.deepEqual(
      KEPT_PARAMETERS.filter((name) => redactor.target(target(name)) !== target(name)),
      [],
    );
    for (const kept of KEPT_TARGETS) assert.equal(redactor.target(kept), kept);
  });

  it('leaves nothing of a secret in what is written, whatever it looks like', () => {
    const secret = fc.stringMatching(/^[\w.~+/-]{0,12}$/).map((noise) => `${noise}${MARKER}${noise}`);
    const name = fc.constantFrom(...SECRET_PARAMETERS);
    const header = fc.constantFrom(...SECRET_HEADERS);
    fc.assert(
      fc.property(
        secret,
        name,
        header,
        fc.constantFrom('&', ';'),
        (value, parameter, headerName, separator) => {
          const record = makeRecord(1, {
            path: redactor.target(
              `/a;${parameter}=${value.replaceAll('/', '')}/b?x=1${separator}${parameter}=${value}#${parameter}=${value}`,
            ),
            headers: redactor.headers(
              [
                headerName,
                value,
                'referer',
                `http://h/?${parameter}=${value}`,
                'x-else',
                `${parameter}=${value}`,
              ],
              false,
            ),
          });
          const builder = createBlockBuilder(0n);
          builder.add(record);
          assert.ok(!Buffer.from(builder.close(2).raw).includes(MARKER));
          assert.equal(redactor.target(record.path), record.path);
          assert.equal(redactor.headers(record.headers, false), record.headers);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('changes nothing the second time', () => {
    for (const target of SECRET_TARGETS) {
      const once = redactor.target(target);
      assert.equal(redactor.target(once), once);
    }
    for (const [name, value] of SECRET_VALUES) {
      const once = headerValue(name, value);
      assert.equal(headerValue(name, once), once);
    }
  });
});
