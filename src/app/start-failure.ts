import type { Config } from '../config/config.ts'

/**
 * One line for people: what went wrong at the start and what to do. Null for what nobody foresaw; that
 * deserves its stack.
 */
export function startFailure(error: unknown, config: Config): string | null {
  const code = codeOf(error)
  const folder = JSON.stringify(config.dataDir)
  // Bun's answer to a host name that nobody knows.
  switch (isListen(error) && code === 'EINVAL' ? 'ENOTFOUND' : code) {
    case 'EADDRINUSE':
      return `port ${config.port} at ${config.host} is taken by another program; stop it, or choose another port: DASHBOARD_PORT=${otherPort(config.port)} npm start`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${config.host} is no address of this machine; set DASHBOARD_HOST to one of its own, such as 127.0.0.1`
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
      return isListen(error)
        ? `port ${config.port} needs more rights than this user has; choose one above 1023: DASHBOARD_PORT=8080 npm start`
        : `the data folder ${folder} cannot be written; give this user the right to, or choose another: DASHBOARD_DATA=./data npm start`
    case 'ENOTDIR':
    case 'EEXIST':
      return `the data folder ${folder} is no folder but a file; choose another: DASHBOARD_DATA=./data npm start`
    case 'ENOSPC':
      return `the disk that holds ${folder} is full; make room, or choose another folder with DASHBOARD_DATA`
    default:
      return null
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

function isListen(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen'
}

function otherPort(port: number): number {
  return port < 65_535 ? port + 1 : port - 1
}
