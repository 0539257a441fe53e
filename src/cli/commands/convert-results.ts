import { Command, Option } from 'commander';
import type { ResultsFormat } from '../../conversions/convert-results.ts';
import { EngramTraceError } from '../../error.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { createFileSink } from '../../trace/file/file-sink.ts';
import { readResults } from '../input/read-results.ts';
import { isStdout } from '../output/is-stdout.ts';
import { printText } from '../output/stdout.ts';

interface ConvertResultsFlags {
  to?: ResultsFormat;
  output: string;
  force?: boolean;
}

const FORMATS = ['k6', 'vegeta', 'ghz', 'fortio', 'oha', 'wrk', 'hgrm', 'hlog', 'csv'];

/** `engram-trace convert-results`: a results document as another tool would have written it. */
export function makeConvertResultsCommand(): Command {
  return new Command('convert-results')
    .argument('<results>', 'results document of replay or run')
    .addOption(
      new Option('--to <form>', 'the form; docs/convert-results.md has what is in each').choices(FORMATS),
    )
    .option('-o, --output <file>', 'where it goes, - for stdout', '-')
    .option('--force', 'replace an output that exists')
    .action(runConvertResults);
}

async function runConvertResults(path: string, { to, output, force }: ConvertResultsFlags): Promise<void> {
  if (to === undefined)
    throw new EngramTraceError('usage', 'there is no form to convert it to', {
      hint: `--to ${FORMATS.join('|')}`,
    });
  refuseSameFile([{ flag: '<results>', path }], [{ flag: '--output', path: output }]);
  const document = await readResults(
    path,
    'engram-trace convert-results <results>: the JSON that --output wrote',
  );
  const { convertResults } = await import('../../conversions/convert-results.ts');
  const text = convertResults(document, to);
  if (isStdout(output)) return printText(text);
  const sink = await createFileSink(output, { force });
  try {
    await sink.write(Buffer.from(text));
    await sink.close();
  } catch (thrown) {
    await sink.abort();
    throw thrown;
  }
}
