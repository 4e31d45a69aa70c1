/** The version `hello` tells; a client that knows another one stops and asks for an update (rule P-8). */
export const PROTOCOL_VERSION = 3
