/** Where an op log goes, and is looked for, when no folder is named. */
export const DEFAULT_OPLOG = 'oplog';
