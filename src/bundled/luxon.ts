// What reads times of people uses of luxon.
export { DateTime } from 'luxon';
