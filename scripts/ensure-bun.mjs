// Runs after `npm install`. The bun package fetches its program in an install script of its own, which npm 12 blocks
// unless allowed and `--ignore-scripts` always does. That script MOVES the program out of @oven/bun-*, so running it a
// second time finds nothing, says "Failed to find package" and downloads everything again: hence the look first.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../node_modules/bun/bin/bun.exe', import.meta.url))
const probe = spawnSync(program, ['--version'], { stdio: 'ignore' })
const installedByBun = process.env.npm_config_user_agent?.startsWith('bun/') ?? false

// Bun as the package manager brings itself; it needs no second copy to run the scripts.
if (probe.status !== 0 && !installedByBun) createRequire(import.meta.url)('../node_modules/bun/install.js')
