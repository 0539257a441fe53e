// The program as it starts fastest: bundled into a few files, in the place of hundreds of small ones.
export { start } from '../cli/program.ts';
