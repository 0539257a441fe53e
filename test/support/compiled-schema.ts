import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ErrorObject } from 'ajv';

type Validate = ((document: unknown) => boolean) & { errors?: ErrorObject[] | null };

const require = createRequire(import.meta.url);
const KEPT = fileURLToPath(new URL('../../test-schemas/', import.meta.url));

/**
 * Gives a function that throws for what a schema of `schema/` refuses; `others` are those it refers to. The first
 * process that asks compiles it and keeps the code beside the tests: that takes a second, and every process wants it.
 */
export function compiledSchema(name: string, others: readonly string[] = []): (document: unknown) => void {
  let validate: Validate | undefined;
  return (document) => {
    validate ??= load(name, others);
    if (!validate(document)) throw new Error(validate.errors?.map(errorText).join('\n'));
  };
}

function errorText({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath} ${message} ${JSON.stringify(params)}`;
}

function load(name: string, others: readonly string[]): Validate {
  const schemas = [...others, name].map(readSchema);
  const version: string = require('ajv/package.json').version;
  const key = createHash('sha256')
    .update(JSON.stringify([version, schemas]))
    .digest('hex')
    .slice(0, 16);
  const path = `${KEPT}${name}-${key}.cjs`;
  if (!existsSync(path)) {
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, codeOf(schemas));
    renameSync(`${path}.${process.pid}`, path);
  }
  return require(path);
}

function readSchema(name: string): object {
  return JSON.parse(readFileSync(new URL(`../../../schema/${name}`, import.meta.url), 'utf8'));
}

/** The code of a module that checks by the last of these schemas. */
function codeOf(schemas: readonly object[]): string {
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const { default: addFormats } = require('ajv-formats') as typeof import('ajv-formats');
  const { default: standalone } =
    require('ajv/dist/standalone') as typeof import('ajv/dist/standalone/index.js');
  const code = { source: true, optimize: false };
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, code });
  addFormats(ajv);
  for (const other of schemas.slice(0, -1)) ajv.addSchema(other);
  return standalone(ajv, ajv.compile(schemas.at(-1) as object));
}
