import type { HeaderList } from '../../trace/record/record.ts';
import { withoutTrueBinary } from '../../wire/true-binary.ts';
import { headersCost } from '../memory/record-cost.ts';
import { PlainStream } from './plain-stream.ts';
import { http2HeaderValue, type StreamTap } from './stream-tap.ts';
import type { TapContext } from './tap.ts';
import { isGrpcType, WatchedCall } from './watched-call.ts';
import { WatchedExchange } from './watched-exchange.ts';

/** Header lists remembered by path, so that equal ones are one object: the block builder then writes them once. */
const MAX_REMEMBERED = 64;
const MAX_REMEMBERED_BYTES = 4_096;

/** Decides by the headers of a request of one HTTP/2 connection what watches its stream. */
export class StreamOpener {
  readonly #context: TapContext;
  readonly #session: string;
  readonly #remembered = new Map<string, HeaderList>();
  #rememberedBytes = 0;

  constructor(context: TapContext, session: string) {
    this.#context = context;
    this.#session = session;
  }

  open(list: readonly string[], startNs: number): StreamTap {
    const isTunnel = http2HeaderValue(list, ':method') === 'CONNECT';
    return !isTunnel && isGrpcType(http2HeaderValue(list, 'content-type'))
      ? this.#openCall(list, startNs)
      : this.#openPlain(list, startNs);
  }

  /** Gives back what the remembered headers hold. */
  release(): void {
    this.#context.budget.give(this.#rememberedBytes);
    this.#rememberedBytes = 0;
    this.#remembered.clear();
  }

  #openCall(list: readonly string[], startNs: number): StreamTap {
    const path = this.#context.redactor.target(http2HeaderValue(list, ':path') ?? '');
    const metadata = withoutPseudo(list, ':authority').map((text, i, all) =>
      i % 2 === 1 ? withoutTrueBinary(all[i - 1] as string, text) : text,
    );
    const headers = this.#remember(path, this.#context.redactor.headers(metadata, false));
    return new WatchedCall(this.#context, { session: this.#session, path, headers, startNs });
  }

  #openPlain(list: readonly string[], startNs: number): StreamTap {
    const authority = http2HeaderValue(list, ':authority');
    const hasHost = http2HeaderValue(list, 'host') !== undefined;
    const host = authority === undefined || hasHost ? [] : ['host', authority];
    const target = http2HeaderValue(list, ':path') ?? authority ?? '';
    const exchange = new WatchedExchange(this.#context, this.#session, startNs);
    exchange.setHead(
      http2HeaderValue(list, ':method') ?? '',
      target,
      [...host, ...withoutPseudo(list, ':protocol')],
      false,
    );
    return new PlainStream(exchange);
  }

  #remember(path: string, headers: HeaderList): HeaderList {
    const known = this.#remembered.get(path);
    if (known !== undefined && isEqual(known, headers)) return known;
    if (this.#remembered.size >= MAX_REMEMBERED) this.release();
    const costBytes = path.length + headersCost(headers);
    if (costBytes > MAX_REMEMBERED_BYTES || !this.#context.budget.take('flight', costBytes)) return headers;
    this.#rememberedBytes += costBytes;
    this.#remembered.set(path, headers);
    return headers;
  }
}

/** The headers without the pseudo headers, but for the one that is named. */
function withoutPseudo(list: readonly string[], keep: string): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (!name.startsWith(':') || name === keep) kept.push(name, list[i + 1] as string);
  }
  return kept;
}

function isEqual(a: HeaderList, b: HeaderList): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
