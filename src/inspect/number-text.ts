/** `1234567` as `1,234,567`. */
export function countText(count: number): string {
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** Three digits that mean something: `0.0123`, `12.3`, `1,235`; `-` for what is not known. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return digits === 0 ? countText(value) : value.toFixed(digits);
}

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes in the largest unit that leaves at least 1. */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(SIZE_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : numberText(value)} ${SIZE_UNITS[power]}`;
}

/** Seconds as `1 h 02 min 03 s`, `12.3 s` or `4.56 ms`. */
export function durationText(seconds: number): string {
  if (seconds >= 3600) {
    return `${countText(Math.floor(seconds / 3600))} h ${twoDigits((seconds % 3600) / 60)} min ${twoDigits(seconds % 60)} s`;
  }
  if (seconds >= 60) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  if (seconds >= 1 || seconds === 0) return `${numberText(seconds)} s`;
  return seconds >= 1e-3 ? `${numberText(seconds * 1e3)} ms` : `${numberText(seconds * 1e6)} us`;
}

function twoDigits(value: number): string {
  return Math.floor(value).toString().padStart(2, '0');
}
