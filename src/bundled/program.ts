// The program, for who wants it at once: a file for each part of it in the place of hundreds of small ones.
export { start } from '../cli/program.ts';
