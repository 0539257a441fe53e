/** Stands for a secret: whatever is written to the disk must not hold it. */
export const MARKER = 'Zq7-mArKeR-x9';

const list = (text: string): string[] => text.trim().split(/\s+/);

/** Headers and metadata whose value is a secret, as products send them. */
export const SECRET_HEADERS: readonly string[] = list(`
  X-Access-Grant X-Security-Answer X-Honeycomb-Team
  Authorization Proxy-Authorization X-Authorization X-Amzn-Authorization X-Emby-Authorization X-Tyk-Authorization
  x-ms-authorization-auxiliary x-goog-iam-authorization-token authorization-bin Authentication WWW-Authenticate
  Authentication-Info Cookie Cookie2 Set-Cookie Set-Cookie2 X-Forwarded-Cookie X-Api-Key Api-Key ApiKey X-ApiKey XApiKey
  X_API_KEY xapikey x-api-key-bin X.Api.Key aPiKeY X-API-Key2 X-Parse-REST-API-Key X-Parse-Master-Key
  X-Parse-Session-Token DD-API-KEY DD-APPLICATION-KEY X-MBX-APIKEY X-RapidAPI-Key X-Algolia-API-Key X-Cisco-Meraki-API-Key
  X-Goog-Api-Key Ocp-Apim-Subscription-Key X-Functions-Key x-functions-key X-Auth-Key X-Access-Key X-Insert-Key X-License-Key
  Fastly-Key X-Foo-Key X-Encryption-Key x-amz-server-side-encryption-customer-key X-Auth-Token X-Access-Token
  X-Forwarded-Access-Token X-Id-Token X-Refresh-Token X-Session-Token X-Vault-Token X-Consul-Token X-Nomad-Token
  X-Shopify-Access-Token X-Gitlab-Token PRIVATE-TOKEN JOB-TOKEN Deploy-Token X-Figma-Token X-Plex-Token X-Emby-Token
  X-MediaBrowser-Token X-Postmark-Server-Token X-Goog-Channel-Token X-Telegram-Bot-Api-Secret-Token X-Amz-Security-Token
  X-CSRF-Token X-XSRF-TOKEN XSRF-TOKEN X-CSRFToken Csrf-Token X-Device-Token accesstoken X-AccessToken authtoken
  X-Hub-Signature X-Hub-Signature-256 Stripe-Signature X-Slack-Signature X-Twilio-Signature X-Line-Signature Svix-Signature
  Signature X-Shopify-Hmac-Sha256 Paypal-Transmission-Sig X-Wsse X-JWT X-JWT-Assertion Cf-Access-Jwt-Assertion
  Cf-Access-Client-Id Cf-Access-Client-Secret CF-Access-Token X-Amzn-Oidc-Data X-Amzn-Oidc-Accesstoken
  X-Amzn-Oidc-Identity X-Goog-Iap-Jwt-Assertion X-MS-TOKEN-AAD-ID-TOKEN X-MS-TOKEN-GOOGLE-ACCESS-TOKEN
  X-MS-TOKEN-AAD-EXPIRES-ON X-MS-CLIENT-PRINCIPAL DPoP DPoP-Nonce Replay-Nonce X-Nonce X-Secret X-Client-Secret
  clientsecret X-Webhook-Secret X-Password X-Passwd X-Pwd X-Pass X-User-Password X-Db-Pass X-Passphrase X-Passcode
  X-Credential X-Credentials X-Creds X-OTP X-GitHub-OTP X-TOTP X-MFA-Code X-2FA-Code X-Pin X-Pin-Code X-Verification-Code
  X-Session X-Session-Id sessionid Mcp-Session-Id Sec-Session-Id X-Sid X-Ticket X-CAS-Ticket X-Assertion SAMLResponse
  X-SAML-Assertion X-Forwarded-Client-Cert X-Client-Cert Client-Cert SSL_CLIENT_CERT X-SSL-Client-Cert
  X-Amzn-Mtls-Clientcert X-ARR-ClientCert X-Connection-String X-DSN X-Userinfo X-Apigateway-Api-Userinfo
  X-Cvv Card-Cvc X-Seed-Phrase X-Recovery-Phrase X-Mnemonic MYSAPSSO2
  X-Pat X-Github-Pat X-Tgt X-SSO Card-Number X-Card-Number X-One-Time-Code
  2fa X-Firebase-AppCheck X-Sentry-Auth X-Auth X-OAuth-Token X-Bearer authorization2 token secret
`);

/** Names of parameters whose value is a secret, as they are sent. */
export const SECRET_PARAMETERS: readonly string[] = list(`
  token access_token accessToken access-token ACCESS_TOKEN accesstoken refresh_token id_token id_token_hint auth_token authToken
  bearer_token csrf_token csrfmiddlewaretoken authenticity_token __RequestVerificationToken api_token apiToken token1 token[]
  user[token] user.token user[0][token] x%5Btoken%5D %74oken to%6ben %2574oken token%20 secret client_secret
  clientSecret clientsecret secret_key secretKey app_secret secret_id password passwd pwd pass user_pass userpass
  user[password] user%5Bpassword%5D new_password newPassword password_confirmation password2 passphrase passcode pass_word j_password
  db_pwd auth oauth_token oauth_verifier oauth_signature oauth_nonce oauth_consumer_key authorization jwt jwt_token api_key
  apikey apiKey api-key API_KEY x-api-key api%5Fkey key access_key AWSAccessKeyId accessKeyId private_key privateKey
  account_key AccountKey subscription-key shared_key app_key consumer_key license_key encryption_key credential
  credentials creds X-Amz-Credential X-Amz-Signature X-Amz-Security-Token X-Goog-Signature X-Goog-Credential
  X-Goog-Security-Token Signature signature sig session session_id sessionid sessionId sid PHPSESSID JSESSIONID
  ASP.NET_SessionId connect.sid CFTOKEN session_state otp totp otp_code mfa_code verification_code device_code
  pin pin_code ticket assertion client_assertion SAMLResponse SAMLRequest SAMLart wresult code_verifier nonce _wpnonce bearer
  pat tgt sso sso_ticket card_number cardNumber cc_number one_time_code oneTimeCode one_time_pin
  passw pin_number cvv cvc activation_key invite_code
  cookie hmac hdnts csrf _csrf xsrf saml cert reset_token invite_token unsubscribe_token
`);

/** Targets and URLs with the marker in another place than behind a name at the end. */
export const SECRET_TARGETS: readonly string[] = [
  '/a;jsessionid=§/b?x=1',
  '/graphql?query=mutation{login(user:"a",password:"§"){id}}',
  '/graphql?query=mutation%7Blogin(in%3A%7Bpassword%3A%22§%22%7D)%7Bid%7D%7D',
  '/a;x=1;JSESSIONID=§',
  '/a;token=a,§;y=2/c;sid=§',
  '/a%3Bjsessionid=§',
  '/token=§',
  '/a/api_key=§/b?x=1',
  '/a/x=1/password%3D§/b',
  '/a?st=ST-12-§',
  '/a?rt=0123456789§&x=1',
  '/a?Policy=eyJTdGF0§&Key-Pair-Id=K2§X7',
  '/a%3bjsessionid%3d§/b',
  '/a?b=1#access_token=§&x=1',
  '/a#id_token=§',
  '/a#/route?token=§',
  '/a?next=/b?token=§',
  '/a?next=%2Fb%3Ftoken%3D§',
  '/a?next=https%3A%2F%2Fh%2Fb%3Faccess_token%3D§%26x%3D1',
  '/a?next=https%253A%252F%252Fh%252Fb%253Faccess_token%253D§',
  '/a?u=http://user:§@host/',
  '/a?u=http%3A%2F%2Fuser%3A§%40host%2F',
  '/a?dsn_url=postgres://app:§@db:5432/x',
  '/a?x=1;token=§;y=2',
  '/a?token=one&token=§&token=§',
  '/a?data=password=§',
  '/a?q={"password":"§"}',
  '/a?{"a":{"token": "§"}}',
  '/a?q=%7B%22password%22%3A%22§%22%7D',
  '/a?q=%7B%22password%22:%22§%22%7D',
  '/a?q=%257B%2522token%2522%253A%2522§%2522%257D',
  '/cb?code=§&scope=openid',
  '/a?code=§&code_challenge=1',
  '/a?filter=x,token=§',
  '/a?list=a+b&h=Bearer+§',
  '/a?h=Bearer%20§',
  '/a?t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI§.c2ln',
  '/a?k=AIzaSyD-§-0123456789abcdefghij',
  '/a?k=hvs.0123456789§',
  '/v1/eyJhbGciOiJIUzI1NiJ9.§.c2ln/items',
  '/proxy/https://user:§@host/x',
  '/proxy/https://user:pa/§@host/x',
  'http://user:§@host/a?b=1',
  'http://§@host/',
  'https://host/a?sig=§&sv=2022&se=2030',
  'user:§@host:443',
  '/cb?code=§&state=abc',
  '/cb?state=§&code=abc',
  '/x?code=§&redirect_uri=/y',
  '/oauth/callback?code=§',
  '/x?code=4/0AX4XfWh-§-A1b2',
  '/?sign=0123456789abcdef§',
].map((target) => target.replaceAll('§', MARKER));

/** Headers that are no secret by their name and hold one. */
export const SECRET_VALUES: readonly [name: string, value: string][] = (
  [
    ['Referer', 'https://h/a?token=§'],
    ['User-Agent', 'app/1 (token=§)'],
    ['User-Agent', `${'Mozilla/5.0 '.repeat(8)}Bearer §`],
    ['Accept', 'application/json;token=§'],
    ['Content-Type', 'application/json; api_key="§"'],
    ['X-Else', 'a; password = §'],
    ['X-Else', 'auth( token: "§" )'],
    ['Referer', 'https://user:§@h/a'],
    ['Referer', 'https://h/a;jsessionid=§?x=1'],
    ['Location', 'https://h/cb#access_token=§&token_type=bearer'],
    ['Origin', 'https://user:§@h'],
    ['Host', 'user:§@h'],
    [':authority', 'user:§@h:443'],
    ['X-Original-URL', '/a?token=§'],
    ['X-Rewrite-URL', '/a?api_key=§'],
    ['X-Original-Query', 'a=1&api_key=§'],
    ['X-Forwarded-Uri', '/a?x=1&sig=§'],
    ['Link', '<https://h/a?token=§>; rel=next'],
    ['Refresh', '0; url=/a?token=§'],
    ['X-Callback-Url', 'https://h/cb?client_secret=§'],
    ['X-Callback', 'https://user:§@h/cb'],
    ['X-Next', 'https%3A%2F%2Fh%2F%3Ftoken%3D§'],
    ['Sec-WebSocket-Protocol', 'bearer, §'],
    ['Sec-WebSocket-Protocol', 'base64url.bearer.authorization.k8s.io.§'],
    ['X-Custom', 'Bearer §'],
    ['X-Custom', 'Token §'],
    ['X-Custom', 'token §'],
    ['X-Upstream-Credit', 'ApiKey §'],
    ['X-Custom', 'Api-Key §'],
    ['X-Custom', 'SSWS §'],
    ['X-Custom', 'sso-key §'],
    ['X-Custom', 'password: §'],
    ['X-Custom', 'user: u, password: §'],
    ['X-Custom', 'x-api-key:§'],
    ['X-Custom', 'bearer §'],
    ['X-Custom', 'DPoP §'],
    ['X-Upstream', 'Basic dXNlcjpwYXNz'],
    ['X-Custom', 'theme=dark; JSESSIONID=§; x=1'],
    ['X-Custom', 'PHPSESSID=§'],
    ['Forwarded', 'for=1.2.3.4;secret=§'],
    ['Baggage', 'user=1,session_id=§'],
    ['X-Db', 'Server=db;User Id=app;Password=§;Encrypt=yes'],
    ['X-Storage', 'AccountName=x;AccountKey=§==;EndpointSuffix=y'],
    ['X-Context', '{"user":"u","password":"§"}'],
    ['X-Context', '%7B%22token%22%3A%22§%22%7D'],
    ['X-Context', '{"a":{"apiKey": "§"}}'],
    ['X-Pem', '-----BEGIN PRIVATE KEY----- § -----END PRIVATE KEY-----'],
    ['X-Custom', 'eyJhbGciOiJIUzI1NiJ9.§.c2ln'],
    ['X-Custom', 'AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=§'],
    ['X-Custom', 'xoxb-§-1234'],
    ['X-Custom', 'glpat-§-1234567890'],
    ['X-Custom', 'sk-proj-§-0123456789'],
    ['X-Custom', 'hvs.§-0123456789'],
  ] as [string, string][]
).map(([name, value]) => [name, value.replaceAll('§', MARKER)]);

/** Values of ordinary headers that hold names of secrets and no secret. */
export const KEPT_VALUES: readonly string[] = [
  'Token budget exceeded',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW',
  'text/html;level=1, application/signed-exchange;v=b3;q=0.9',
  'he said: "tokens", and "password"',
  'session started',
  'token: true, session: false',
  'Mac OS',
  'time: 10:30, host: a:80',
  'https://h/a:b',
  'password:',
];

/** Headers that are no secret, and that a replay or a reader needs. */
export const KEPT_HEADERS: readonly string[] = list(`
  Host Content-Type Content-Length Content-Encoding Content-Language Content-MD5 Content-Digest Content-Disposition Accept
  Accept-Encoding Accept-Language Access-Control-Request-Headers User-Agent ETag If-Match If-None-Match If-Modified-Since
  If-Range Range Cache-Control Pragma Date Expect TE Trailer Transfer-Encoding Connection Upgrade Keep-Alive Via Forwarded
  X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Real-Ip X-Request-Id X-Correlation-Id traceparent tracestate baggage b3
  x-b3-traceid x-b3-spanid x-b3-sampled X-Cloud-Trace-Context X-Amzn-Trace-Id sentry-trace Idempotency-Key X-Idempotency-Key
  X-Cache-Key X-Hot-Key X-Tag-Key X-Label-Key X-Feature-Key Surrogate-Key X-Partition-Key X-Routing-Key Sec-WebSocket-Key Sec-WebSocket-Version Sec-Fetch-Mode Sec-CH-UA
  grpc-timeout grpc-encoding grpc-accept-encoding grpc-trace-bin grpc-tags-bin :authority X-Memory-Space X-Memory-Space-Id
  X-Engram-Memory-Space Last-Event-Id X-Author X-Authority X-Author-Name X-Passenger X-Compass X-Tokenizer X-Tokenize
  X-Secretary X-Bypass-Cache X-Pass-Through X-Monkey X-Keyboard-Layout X-Max-Tokens X-RateLimit-Remaining-Tokens
  X-Token-Bucket X-Cookies-Accepted X-Hmacking X-Session-Duration X-Auth-Provider X-Token-Type X-Token-Count X-Auth-Type X-Auth-Method X-Session-Timeout X-Session-Affinity X-Signature-Version
  X-Obsession X-Ticketing-System X-Ticket-Id X-Certainty X-Pinned X-Design X-Opt-In Depth Destination Overwrite
  x-goog-user-project x-goog-request-params x-amz-date x-amz-target x-amz-content-sha256 x-ms-version x-ms-date
  X-Forwarded-User Remote-User X-Username X-Tenant-Id X-Country-Code X-Status-Code X-Page-Token X-Continuation-Token
`);

/** Parameters that are no secret. */
export const KEPT_PARAMETERS: readonly string[] = list(`
  query embedding threshold max_results include_metadata mode space trace_activation required_tags from_time location limit
  offset tier max_episodes event_types min_importance last_event_id focus_id last_sequence author authority passenger compass
  tokenize tokenizer secretary bypass monkey keyboard max_tokens tokens x[tokens] token_type token_count page_token pageToken
  next_token nextPageToken continuation_token sync_token auth_type session_timeout signature_version pass_count country_code
  tokenBudget tokenType passwordStrength cookies_accepted cookiesAccepted hmacking ssoEnabled sso_url pattern spat
  card_type cardType time_code policy_id st rt policy start_token end_token pad_token eos_token bos_token startToken token_ids token_position session_duration
  promo_code status_code error_code cache_key sort_key primary_key group_key public_key idempotency_key ticket_id username
  user_id client_id redirect_uri grant_type scope response_type design opinion sidebar inside session_count X-Amz-Date
  X-Amz-Algorithm X-Amz-Expires X-Amz-SignedHeaders sv se sp name email q page
`);

/** Targets without a secret. */
export const KEPT_TARGETS: readonly string[] = [
  '/a?code=200',
  '/a?code=DE&country=x',
  '/a?auth=true&session=false&pin=true&token=',
  '/a;v=1.2/b;lang=de?x=1',
  '/a/x=1/lang=de',
  '/a?policy=strict&st=open&rt=12',
  'http://host:80/a@b',
  'http://[::1]/x@y',
  '//a@b/c',
  '/a?email=a@b.example',
  '/a?time=10:30@home',
  '/a?q=bearer+of+it',
  '/a?embedding=%5B0.1%2C%20-0.25%2C1e-5%5D&space=x',
  '/a?next=%2Fb%3Fx%3D1',
  '/cache/0123456789abcdef0123456789abcdef',
  '/sessions/4711/tokens/5?x=1',
  '*',
  'host:443',
];
