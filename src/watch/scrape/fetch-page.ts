import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A page of metrics may have so many bytes. */
const MOST_PAGE_BYTES = 16 * 2 ** 20;
const ACCEPT = 'application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.8,*/*;q=0.1';

/** Gets a page of metrics. Rejects, in plain words, for another status than 200, for HTML, and for what is too large or too slow. */
export function fetchPage(url: string, timeoutMs: number, mostBytes = MOST_PAGE_BYTES): Promise<string> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // No agent: a connection of its own each time can't be held by a page that never ended.
    const sent = request(url, { headers: { accept: ACCEPT }, agent: false }, (answer) => {
      const { statusCode, headers } = answer;
      if (statusCode !== 200) return fail(`it answers ${statusCode}`);
      if (/html|json/.test(headers['content-type'] ?? ''))
        return fail(`it answers ${headers['content-type']}`);
      const pieces: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > mostBytes) fail(`its page has more than ${mostBytes / 2 ** 20} MiB`);
        else pieces.push(piece);
      });
      answer.on('end', () => settle(() => resolve(Buffer.concat(pieces).toString('utf8'))));
      answer.on('error', (error) => fail(error.message));
      answer.on('close', () => fail('its answer was cut off'));
    });
    const timer = setTimeout(() => fail(`no whole answer within ${timeoutMs / 1000} s`), timeoutMs);
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      how();
    };
    const fail = (why: string): void => {
      settle(() => reject(new Error(why)));
      sent.destroy();
    };
    sent.on('error', (error: Error & { code?: string }) => fail(error.code ?? error.message));
    sent.end();
  });
}
