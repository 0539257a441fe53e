import type { Tool } from './tool.ts';
import { autocannon } from './tools/autocannon.ts';
import { bombardier } from './tools/bombardier.ts';
import { engramTrace } from './tools/engram-trace.ts';
import { ghz } from './tools/ghz.ts';
import { gor } from './tools/gor.ts';
import { h2load } from './tools/h2load.ts';
import { hey } from './tools/hey.ts';
import { oha } from './tools/oha.ts';
import { vegeta, vegetaLazy } from './tools/vegeta.ts';
import { wrk, wrk2 } from './tools/wrk.ts';

/** Ours first, then those that cost least. */
export const TOOLS: readonly Tool[] = [
  ...[engramTrace, wrk, wrk2, h2load, bombardier, oha, vegeta, vegetaLazy, hey, autocannon, ghz, gor],
];
