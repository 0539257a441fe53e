/**
 * The words of a name in lower case. Everything that is no ASCII letter parts words, and so does a change of case
 * (`SAMLResponse`, `AWSAccessKeyId`). A name is read with and without the latter, for `aPiKeY` is one word to the
 * server: two readings, or one where they are the same.
 */
export function nameWords(name: string): string[][] {
  const plain = words(name);
  if (!/[a-z][A-Z]|[A-Z]{2}[a-z]/.test(name)) return [plain];
  return [plain, words(name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2'))];
}

/** The one word of fame that begins with a digit is read as its synonym. */
function words(name: string): string[] {
  return (
    name
      .toLowerCase()
      .replace('2fa', ' mfa ')
      .match(/[a-z]+/g) ?? []
  );
}
