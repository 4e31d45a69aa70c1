/** The version in `hello`; a client of another version stops and asks for an update (rule P-8). */
export const PROTOCOL_VERSION = 3
