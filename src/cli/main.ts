#!/usr/bin/env node
// Any Node has to parse this file, to be told that it is too old: no import but at run time, no syntax of after 2018.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `engram-trace: Node ${process.versions.node} is too old: it takes 20.19 or newer (nvm install 22, or nodejs.org)`,
  );
  process.exitCode = 2;
} else {
  let hasEnded = false;
  // A program that waits for what never comes has not succeeded; Node itself says 13 only of a main module that waits.
  process.once('beforeExit', () => {
    if (!hasEnded) process.exitCode = process.exitCode || 13;
  });
  // A replay owes a document from its first moment on: a signal that comes while modules are loaded is kept for them.
  const kept: NodeJS.Signals[] = [];
  const keep = (signal: NodeJS.Signals): void => {
    kept.push(signal);
  };
  const isReplay = process.argv[2] === 'replay' || process.argv[2] === 'run';
  const early: NodeJS.Signals[] = isReplay ? ['SIGINT', 'SIGTERM'] : [];
  for (const signal of early) process.once(signal, keep);
  const takeEarly = (): NodeJS.Signals | undefined => {
    for (const signal of early) process.removeListener(signal, keep);
    return kept[0];
  };
  // A replay is often short, and a program that starts in a moment is a good part of what it costs.
  const program =
    process.argv[2] === 'replay'
      ? import('./compile-cache.ts').then(({ keepCompiledCode }) => {
          keepCompiledCode(process.env);
          return import('../bundled/program.ts');
        })
      : import('./program.ts');
  program
    .then(({ start }) => start(takeEarly))
    .then(() => {
      hasEnded = true;
    });
}
