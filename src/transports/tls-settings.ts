/** How to speak TLS to a target; certificates and keys are PEM. */
export interface TlsSettings {
  ca?: string | Buffer | undefined;
  cert?: string | Buffer | undefined;
  key?: string | Buffer | undefined;
  /** Takes any certificate. */
  insecure?: boolean | undefined;
  /** Name to ask for and to check, where it is not the target's. */
  servername?: string | undefined;
}
