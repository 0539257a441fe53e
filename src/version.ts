/** Version of the program; a test holds it to package.json, which may not be read at run time in a bundle. */
export const VERSION = '0.1.0';

/** The name and version that stand in the header of each file this program writes. */
export const TOOL = `engram-trace ${VERSION}`;
