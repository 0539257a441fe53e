/** Between which bounds a value lies with some confidence; an end that the data do not bound is infinite. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}
