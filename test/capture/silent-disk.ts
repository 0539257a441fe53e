// A disk process to which every call hangs.

process.on('message', () => {});
process.on('disconnect', () => process.exit());
