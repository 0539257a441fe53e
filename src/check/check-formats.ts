import { checkEntries } from './check-entries.ts';
import type { CheckReport } from './check-results.ts';
import { linesOf } from './checklist.ts';

/** The report as JSON, snake_case: its lines as `checks` of a results document has them. */
export function checkReportJson(report: CheckReport): object {
  return { status: report.status, verdict: report.verdict, checks: checkEntries(report) };
}

/** A table for a pull request or a wiki. */
export function checkReportMarkdown(report: CheckReport): string {
  const cell = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = linesOf(report).map(
    ({ status, name, limit, seen }) => `| ${[status, name, `\`${limit}\``, seen].map(cell).join(' | ')} |`,
  );
  return ['| | check | limit | observed |', '|---|---|---|---|', ...rows, '', `**${report.status}**`].join(
    '\n',
  );
}

/** JUnit's XML, as CI servers read it: what was not judged is skipped, and INVESTIGATE is a failure of another type. */
export function checkReportJunit(report: CheckReport, suite: string): string {
  const lines = linesOf(report);
  const count = (statuses: readonly string[]): number =>
    lines.filter(({ status }) => statuses.includes(status)).length;
  const cases = lines.map(({ status, name, limit, seen }) => {
    const head = `    <testcase classname=${xml(suite)} name=${xml(name)}`;
    if (status === 'PASS') return `${head}/>`;
    const message = xml(`${limit}: ${seen}`);
    const inside =
      status === 'not judged'
        ? `<skipped message=${message}/>`
        : `<failure type=${xml(status)} message=${message}/>`;
    return `${head}>${inside}</testcase>`;
  });
  const totals = `tests="${lines.length}" failures="${count(['FAIL', 'INVESTIGATE'])}" skipped="${count(['not judged'])}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name=${xml(suite)} ${totals}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** Annotations of a GitHub workflow, one a line; none for what passed. */
export function checkReportGithub(report: CheckReport): string {
  return linesOf(report)
    .filter(({ status }) => status !== 'PASS')
    .map(({ status, name, limit, seen }) => {
      const kind = status === 'FAIL' ? 'error' : 'warning';
      const title = property(`${status}: ${name}`);
      return `::${kind} title=${title}::${data(`${limit}: ${seen}`)}\n`;
    })
    .join('');
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** An attribute's value; what XML 1.0 can't hold is left out. */
function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML 1.0 can't hold.
  const whole = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
  return `"${whole.replace(/[&<>"]/g, (mark) => XML[mark] ?? '').replace(/[\n\r\t]/g, ' ')}"`;
}

/** As the runner of GitHub's workflows decodes its commands. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
