/** The part of a results document that the summary shows. */
export interface ReplayResult {
  multiplier: number;
  arrivalLog: string;
  document: {
    summary: { total_operations: number; duration_secs: number; error_rate: number };
    latency: { overall: { p50: number | null; p99: number | null } };
    send_error_us: { p50: number | null; p99: number | null };
    fidelity: { verdict: string; accounting: { planned: number; sent: number } };
  };
}

/** One table for people: what was made, and what each replay did with it. */
export function summaryTable(operationsMade: number, results: readonly ReplayResult[]): string[] {
  const head = [
    'replay',
    'made',
    'planned',
    'sent',
    'errors',
    'took',
    'p50',
    'p99',
    'send error p99',
    'verdict',
  ];
  const rows = results.map(({ multiplier, document: { summary, latency, send_error_us, fidelity } }) => [
    `${multiplier}x`,
    String(operationsMade),
    String(fidelity.accounting.planned),
    String(fidelity.accounting.sent),
    `${(summary.error_rate * 100).toFixed(2)} %`,
    `${summary.duration_secs.toFixed(1)} s`,
    ms(latency.overall.p50),
    ms(latency.overall.p99),
    send_error_us.p99 === null ? '-' : ms(send_error_us.p99 / 1000),
    fidelity.verdict,
  ]);
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows].map((row) =>
    row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '),
  );
}

function ms(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(2)} ms`;
}
