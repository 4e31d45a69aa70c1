import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Shell } from '../state/shell.ts'

export const ShellContext = createContext<Shell | null>(null)

/** Returns everything behind the page. Throws outside of it, which only a defect can cause. */
export function useShell(): Shell {
  const shell = useContext(ShellContext)
  if (shell === null) throw new Error('a component is used outside of the page')
  return shell
}
