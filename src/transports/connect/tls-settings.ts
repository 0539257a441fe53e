/** How to speak TLS to a target; certificates and keys are PEM. */
export interface TlsSettings {
  ca?: string | Buffer | undefined;
  cert?: string | Buffer | undefined;
  key?: string | Buffer | undefined;
  /** Says that any certificate is taken. */
  insecure?: boolean | undefined;
  /** Name to ask for and to check, where it is not the target's. */
  servername?: string | undefined;
}
