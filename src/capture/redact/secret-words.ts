import { nameWords } from './name-words.ts';

/** What a trace header says of the rule below: the words that make a name one of a secret, without their variants. */
export const SECRET_WORDS: readonly string[] = [
  ...[
    'token',
    'secret',
    'password',
    'passwd',
    'pwd',
    'pass',
    'auth',
    'authorization',
    'jwt',
    'api-key',
    'access-key',
  ],
  ...[
    'private-key',
    'credential',
    'signature',
    'session',
    'otp',
    'ticket',
    'assertion',
    'saml',
    'dpop',
    'csrf',
    'nonce',
  ],
  ...['bearer', 'cookie', 'cert', 'connection-string'],
];

const wordSet = (...lines: readonly string[]): ReadonlySet<string> => new Set(lines.join(' ').split(' '));

/** Words that make a name secret by themselves, wherever they stand in it. */
const WHOLE = wordSet(
  'auth authn authz authenticate authentication authorization authorisation oauth xauth userauth basicauth',
  'proxyauth httpauth webauth jwt jws jwe csrf xsrf bearer dpop saml wsse wresult sid sig hmac otp totp hotp mfa tfa',
  'session sess websession usersession phpsession cookie cert certs certificate clientcert cred creds nonce wpnonce',
  'passkey psk dsn cvv cvc mnemonic passw mysapsso userinfo appcheck hdnea hdnts hdntl assertion smsotp emailotp otpcode mfacode twofactor',
);

/** Pieces that no ordinary word holds, so that they count inside of one too (`xapikey`, `phpsessid`, `dbpassword`). */
const INSIDE = new RegExp(
  [
    'token(?!s$|i[sz])|secret(?!ar[yi]|ion|ed|es)|passw(?:or)?d|passphrase|passcode|passwort|kennwort|pwd',
    'credential|signature|sess(?:ion)?(?:id|key|token)|jwt|csrf|xsrf|cookie|saml(?:res|req|art)|clientassertion',
    'clientcert|authorization|authentication|oauth|hmac(?!k)|cardnumber|creditcardno|onetime(?:code|pin)|connectionstring|connstr|(?:auth|access|verification)code',
    'codeverifier|(?:api|access|private|secret|master|account|shared|encryption|signing|subscription|license)key',
  ].join('|'),
);
const SHORTEST_INSIDE = 3;

/** Words that are ordinary in front of others (`pass-through`, `ticket-id`) and a secret at the end. */
const LAST = wordSet(
  'pass pw psw pin pincode ticket pat tgt sso userpass dbpass mypass adminpass rootpass loginpass smtppass authpass keypass',
);

/** Whose keys are secrets. A key alone is a place in a cache, a map or a sorted list. */
const KEY_OWNERS = wordSet(
  'api apim access private secret auth oauth master shared account signing sign encryption crypto license licence',
  'subscription function functions ssh rsa app application consumer client developer dev service server admin pass activation',
  'session customer encrypted rapidapi webhook integration write deploy insert ingest security bearer hmac aes',
);

/** Codes that let somebody in; those of countries, states and vouchers do not. */
const CODE_OWNERS = wordSet(
  'auth authorization authentication verification verify security access pass pin mfa otp totp sms reset recovery',
  'backup confirmation login device user activation factor invite invitation',
);

/** Pairs of words that make a name secret only together. */
const TOGETHER = wordSet(
  'pin-number seed-phrase recovery-phrase pass-word pass-phrase pass-code pass-wd code-verifier connection-string two-factor',
  'access-grant security-answer card-number cc-number card-num card-no access-tokens refresh-tokens auth-tokens api-tokens bearer-tokens session-tokens device-tokens id-tokens',
);

/** Headers of gateways that all tell who calls. */
const VENDOR =
  /^(?:http )?(?:cf access|x amzn oidc|x amzn mtls|x goog iap|x ms token|x ms client principal|x honeycomb team)\b/;

/** A name that ends so tells about a secret (`token_type`, `session_timeout`, `auth_url`) and holds none. */
const ABOUT = wordSet(
  'type method version algorithm algo alg timeout ttl expiry expires expiration count limit length size mode policy',
  'scheme timestamp callback endpoint url uri consent status affinity enabled required strength time accepted allowed disabled date budget duration provider bucket ids position',
);
/** Three words that only together are a secret's; `time_code` is none. */
const ONE_TIME = /(?:^| )one time (?:code|pin)s?$/;
const PREPOSITIONS = wordSet('in at on');

/** Tokens that are a place in a list or in the words of a model, or tell repeated requests. */
const PLACE =
  /(?:^| )(?:page|next|next ?page|continuation|sync|cursor|resume|skip|pagination|prev|previous|scroll|idempotency|start|end|pad|eos|bos|sep|cls|mask|unk) ?token$/;

/**
 * Whether a name as written (of a header, a parameter, a field) is one of a secret by its words. Names of gRPC's binary
 * metadata end in `-bin`, which says nothing.
 */
export function isSecretName(name: string): boolean {
  if (name.length < SHORTEST_INSIDE - 1) return false;
  const readings = nameWords(name);
  // `tokenBudget` tells about a secret; read as one word it can't be seen to.
  if (readings.length > 1 && isAbout(readings.at(-1) as string[])) return false;
  return readings.some(isSecretReading);
}

function isSecretReading(words: string[]): boolean {
  if (words.at(-1) === 'bin') words.pop();
  if (words[0] === 'x' || words[0] === 'cf' || words[0] === 'http') {
    if (VENDOR.test(words.join(' '))) return true;
  }
  return (
    (words.some(isSecretWord) || ONE_TIME.test(words.join(' '))) &&
    !isAbout(words) &&
    !PLACE.test(words.join(' '))
  );
}

function isSecretWord(word: string, at: number, words: readonly string[]): boolean {
  if (WHOLE.has(word) || (word.length >= SHORTEST_INSIDE && INSIDE.test(word))) return true;
  if (at === words.length - 1 && LAST.has(word)) return true;
  return isOwned(word) || (at > 0 && isSecretPair(words[at - 1] as string, word));
}

/** Whether a word is an owner and a key in one, such as `appkey` or `xclientkeys`. */
function isOwned(word: string): boolean {
  const owner = /^x?(.+?)keys?$/.exec(word)?.[1];
  return owner !== undefined && KEY_OWNERS.has(owner);
}

function isSecretPair(before: string, word: string): boolean {
  if (word === 'key' || word === 'keys') return KEY_OWNERS.has(before);
  if (word === 'code' || word === 'codes') return CODE_OWNERS.has(before);
  return TOGETHER.has(`${before}-${word}`);
}

function isAbout(words: readonly string[]): boolean {
  const last = words.at(-1) as string;
  return ABOUT.has(PREPOSITIONS.has(last) ? (words.at(-2) ?? '') : last);
}
