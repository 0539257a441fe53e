import { comparableName, createFlagRule, type NameFlags } from './name-rules.ts';
import { decodedText, type NameRule, type NameVerdict } from './redact-url.ts';
import { remember } from './remember.ts';
import { isSecretName } from './secret-words.ts';

/** Ordinary words that are names of secrets in some places: of OAuth, of tickets, and of signed requests. */
const ORDINARY = new Set(['code', 'state', 'sign', 'st', 'rt', 'policy', 'keypairid']);
/** How often a name may be percent-encoded, one around the other. */
const MAX_DECODINGS = 3;

/**
 * The rule for names of parameters (`query`) or of fields in a body (`field`), where `key` alone is mostly a place in
 * a map.
 */
export function createParameterRule(flags: NameFlags, where: 'query' | 'field'): NameRule {
  const flagRule = createFlagRule(flags);
  return remember((sent) => {
    const name = decodedName(sent);
    const flag = flagRule(name);
    if (flag !== undefined) return flag === 'redact' ? 'secret' : 'keep';
    return verdictOf(name, where);
  });
}

function verdictOf(name: string, where: 'query' | 'field'): NameVerdict {
  const comparable = comparableName(name);
  if (ORDINARY.has(comparable)) return 'maybe';
  const isKey = where === 'query' && comparable === 'key';
  return isKey || isSecretName(name) ? 'secret' : 'plain';
}

function decodedName(sent: string): string {
  let name = sent;
  for (let i = 0; i < MAX_DECODINGS && name.includes('%'); i++) name = decodedText(name);
  return name;
}
