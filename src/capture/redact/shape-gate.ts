/** How a secret of known shape begins. */
const BEGINNINGS: readonly string[] = [
  ...['eyJ', 'eyI', 'AKIA', 'ASIA', 'AIza', 'ya29', 'GOCSPX', 'ghp_', 'gho_', 'ghu_', 'ghs_'],
  ...['ghr_', 'github_pat_', 'glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glsoat-', 'glft-', 'glimt-'],
  ...[
    'glagent-',
    'xox',
    'xapp-',
    'sk_',
    'rk_',
    'pk_',
    'whsec_',
    'sk-',
    'SG.',
    'xkeysib-',
    'key-',
    'hvs.',
    'hvb.',
  ],
  ...[
    'hvr.',
    'engram_key_',
    'npm_',
    'pypi-',
    'dop_v1_',
    'doo_v1_',
    'dor_v1_',
    'hf_',
    'shpat_',
    'shpca_',
    'shppa_',
  ],
  ...['shpss_', 'figd_', 'PMAK-', 'dapi', 'ATATT3', 'AGE-SECRET-KEY-', '-----BEGIN'],
  ...[
    'Bearer',
    'bearer',
    'BEARER',
    'Basic',
    'basic',
    'BASIC',
    'DPoP',
    'dpop',
    'DPOP',
    'Negotiate',
    'negotiate',
  ],
  ...['NEGOTIATE', 'NTLM', 'ntlm', 'Ntlm', 'AWS4-', 'aws4-'],
];
/** Beyond this length native searches are cheaper than one look at each character. */
export const LONG_CHARS = 512;
/** Every beginning holds one of these; numbers, also percent-encoded, hold none. */
const LETTERS: readonly string[] = [...'yIGhlxkmPTprRsSgNWwt'];

/** 1 at (first character, second) of a beginning, 7 bits each. */
const PAIRS = new Uint8Array(1 << 14);
for (const each of BEGINNINGS) PAIRS[(each.charCodeAt(0) << 7) | each.charCodeAt(1)] = 1;
/** 1 for what makes a beginning behind it a part of something else. */
const ALPHANUMERIC = new Uint8Array(128);
for (let code = 0; code < 128; code++)
  if (/[A-Za-z0-9]/.test(String.fromCharCode(code))) ALPHANUMERIC[code] = 1;

/**
 * Whether a text may hold a secret of known shape; false is certain. All values go through here while the traffic
 * waits, and hardly any holds one, vectors of 768 numbers in a query least of all.
 */
export function mayHoldShape(text: string): boolean {
  if (text.length > LONG_CHARS) return LETTERS.some((each) => text.includes(each));
  let isInside = 0;
  for (let i = 0; i < text.length - 1; i++) {
    const code = text.charCodeAt(i);
    if (isInside === 0 && PAIRS[(code << 7) | text.charCodeAt(i + 1)] === 1) return true;
    isInside = ALPHANUMERIC[code] ?? 0;
  }
  return false;
}
