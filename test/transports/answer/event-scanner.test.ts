import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventScanner, LineScanner, type Scanner } from '../../../src/transports/answer/event-scanner.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { splitAt } from '../../wire/split-bytes.ts';

interface Count {
  events: number;
  comments: number;
}

function scanned(scanner: Scanner, parts: readonly Buffer[], isWhole = true): Count {
  let events = 0;
  for (const part of parts) {
    // As from a socket: the bytes lie somewhere in a larger buffer, with others around them.
    const room = Buffer.from(`\n\n${part.toString('latin1')}\n\n`, 'latin1');
    events += scanner.scan(room, 2, 2 + part.length);
  }
  return { events: events + (isWhole ? scanner.finish() : 0), comments: scanner.comments };
}

/** The standard's own words, on the whole text: lines, and what each of them does. */
function eventsIn(text: string): Count {
  const lines = text.replace(/^\u00ef\u00bb\u00bf/, '').split(/\r\n|\r|\n/);
  // What the last line end is followed by is no line.
  lines.pop();
  const count = { events: 0, comments: 0 };
  let hasData = false;
  for (const line of lines) {
    if (line.startsWith(':')) count.comments += 1;
    else if (/^data(:|$)/.test(line)) hasData = true;
    else if (line === '') {
      if (hasData) count.events += 1;
      hasData = false;
    }
  }
  return count;
}

function linesIn(text: string): Count {
  const lines = text.split('\n');
  const isText = (line: string): boolean => /[^\0- ]/.test(line);
  const last = isText(lines.pop() ?? '') ? 1 : 0;
  const events = lines.filter(isText).length;
  return { events: events + last, comments: lines.length - events };
}

const piece = fc.constantFrom(
  ...['data', 'data:', 'data: x', 'dat', 'datax: y', 'd', ':', ': ping', 'event: data', 'id:1', 'retry:3'],
  ...[
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    '\r\r',
    '\r\n\r\n',
    ' ',
    '\t',
    'x',
    '\u00ef\u00bb\u00bf',
    '\u00ef\u00bb',
    '{"a":1}',
  ],
);
const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

describe('events of an endless answer', () => {
  it('are counted as the standard splits the whole text, wherever it is cut', () => {
    fc.assert(
      fc.property(text, cuts, (whole, at) => {
        const bytes = Buffer.from(whole, 'latin1');
        assert.deepEqual(scanned(new EventScanner(), splitAt(bytes, at)), eventsIn(whole));
        assert.deepEqual(scanned(new LineScanner(), splitAt(bytes, at)), linesIn(whole));
      }),
      { seed: 1, numRuns: runs(3000) },
    );
  });

  it('are counted at one byte at a time', () => {
    const whole = '\u00ef\u00bb\u00bfdata: 1\r\n\r\n: ping\r\rdata\ndata:2\n\nevent: x\n\ndata: cut';
    const bytes = Array.from(whole, (byte) => Buffer.from(byte, 'latin1'));
    assert.deepEqual(scanned(new EventScanner(), bytes), { events: 2, comments: 1 });
  });

  it('are known by their end: an event at its blank line, a line at its line end', () => {
    const [events, lines] = [new EventScanner(), new LineScanner()];
    const say = (scanner: Scanner, said: string): number => scanner.scan(Buffer.from(said), 0, said.length);
    assert.deepEqual(
      ['data: a\n', 'data: b\n', '\r', '\n', 'id: 3\n\n', 'data: c\r\r\n'].map((each) => say(events, each)),
      [0, 0, 1, 0, 0, 1],
    );
    assert.deepEqual(
      ['{"a":', '1}\r\n', '\n', '\r\n', '{}\n{}\n{'].map((each) => say(lines, each)),
      [0, 1, 0, 0, 2],
    );
    assert.equal(lines.comments, 2);
  });

  it('of lines: the last one needs no line end, unless the answer was cut off there', () => {
    const parts = [Buffer.from('{"a":1}\n{"a":2}')];
    assert.equal(scanned(new LineScanner(), parts).events, 2);
    assert.equal(scanned(new LineScanner(), parts, false).events, 1);
    assert.equal(scanned(new EventScanner(), [Buffer.from('data: 1\n\ndata: 2')]).events, 1);
  });
});
