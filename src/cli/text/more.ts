/** Says how many there are beyond those shown; nothing where there are none. */
export function more(count: number, what: string): string[] {
  return count > 0 ? [`  and ${count} more ${what}`] : [];
}
