// Hides the zstd binding, so that the zstd of Node itself is what is tested.
const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (/^zstd-napi/.test(name)) throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' });
  return resolve.call(this, name, ...rest);
};
