import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { App } from '../state/app.ts'

export const AppContext = createContext<App | null>(null)

/** Everything behind the page. Throws outside of it, which only a defect can cause. */
export function useApp(): App {
  const app = useContext(AppContext)
  if (app === null) throw new Error('a component stands outside of the page')
  return app
}
